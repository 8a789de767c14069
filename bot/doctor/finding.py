"""What the doctor says of one thing: well, a warning, broken, or not looked at; and what to do about it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.core.egress import mask
from bot.core.errors import CountersignError


class Level(StrEnum):
    OK = "ok"
    SKIPPED = "skipped"  # not configured, or nothing could be seen of it
    WARNING = "warning"  # it works, and something is not as it should be
    BROKEN = "broken"  # something will not work


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line. `where` names the system or resource, `todo` what to do; both texts are masked."""

    where: str
    level: Level
    what: str
    todo: str = ""

    @property
    def line(self) -> str:
        told = f"{self.level:7}  {self.where}: {self.what}"
        return f"{told}. {self.todo}" if self.todo else told


Findings = Iterator[Finding]


def ok(where: str, what: str) -> Finding:
    return Finding(where=where, level=Level.OK, what=mask(what))


def skipped(where: str, what: str, todo: str = "") -> Finding:
    return Finding(where=where, level=Level.SKIPPED, what=mask(what), todo=mask(todo))


def warning(where: str, what: str, todo: str = "") -> Finding:
    return Finding(where=where, level=Level.WARNING, what=mask(what), todo=mask(todo))


def broken(where: str, what: str, todo: str = "") -> Finding:
    return Finding(where=where, level=Level.BROKEN, what=mask(what), todo=mask(todo))


def gathered(where: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """All that a look brings; an error of ours is a finding too, after what was found before it."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except CountersignError as error:
        found.append(broken(where, str(error)))
    return found
