"""What somebody typed and where, and what they are told."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.slack.blocks.layout import BlockJson
from bot.slack.text import Safe


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Who typed what, in which channel and thread; `incident_id` is the incident whose thread it is.

    `seed` names this very asking: brought twice, it is done once.
    """

    person: str
    text: str
    channel: str
    thread_ts: str | None = None
    incident_id: str | None = None
    seed: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """An answer to one person. Where it takes longer than they wait, `then` gives the rest of it."""

    text: Safe
    blocks: tuple[BlockJson, ...] = ()
    may_share: bool = True
    then: Callable[[], "Said"] | None = None


class Unclear(Exception):
    """What was typed does not say what is wanted; `say` tells how to write it."""

    def __init__(self, say: Safe) -> None:
        self.say = say
        super().__init__(say)
