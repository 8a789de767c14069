"""A checklist: what only a person can look at, who has done what of it, and which step was passed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from bot.core.canonical import sha256
from bot.core.model import Frozen


class Checklist(Frozen):
    """Steps for a person; a plain list of them means that their order does not matter."""

    steps: tuple[str, ...] = Field(min_length=1, description="what a person has to look at")
    ordered: bool = Field(
        default=False, description="true: the order matters; a step that is ticked before an earlier one is warned of"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A step that somebody has done. `skipped` is the number of the first step that was open before it then."""

    person: str
    at: datetime
    skipped: int | None = None


Ticks = Mapping[str, Tick]
"""By the item of each step that is done."""


def item_of(step: str) -> str:
    """What names a step in rows and buttons, whatever its place in the list."""
    return sha256(step)[:16]


def skipped(checklist: Checklist, item: str, ticks: Ticks) -> int | None:
    """The number of the first earlier step that is open; None where there is none, or the order does not matter.

    >>> skipped(Checklist(steps=("look", "mend", "replay"), ordered=True), item_of("replay"), {})
    1
    """
    if not checklist.ordered:
        return None
    items = [item_of(step) for step in checklist.steps]
    before = items[: items.index(item)]
    return next((number for number, each in enumerate(before, start=1) if each not in ticks), None)
