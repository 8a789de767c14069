"""What is shown of an incident's life: that it is silenced, and who is called when it becomes worse or comes back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Hush(StrEnum):
    """How far a silence is."""

    WANTED = "wanted"
    ACTIVE = "active"
    LIFTING = "lifting"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class SilenceView:
    """A silence that covers the incident; `person` is a name where it was made in Alertmanager itself."""

    hush: Hush
    person: str
    until: datetime
    reason: str = ""
    is_ours: bool = True
    trouble: str | None = None


class Call(StrEnum):
    """Why people are called into a thread; nothing else there calls anybody but an approval's own words."""

    WORSE = "worse"
    AGAIN = "again"
    UNPROVEN = "unproven"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallView:
    """A short message that calls people; `people` are ids of members and usergroups (`U…`, `S…`)."""

    call: Call
    title: str
    severity: str
    was: str = ""
    times: int = 0
    people: tuple[str, ...] = ()
