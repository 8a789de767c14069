"""When many incidents at once are told as one storm, and which of them are told by themselves all the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.engine.incident import Incident, State
from bot.engine.severity import gravity

WINDOW = timedelta(minutes=1)
"""So many incidents within this long are a storm; after so long without a new one it is over."""


class Kind(StrEnum):
    STORM = "storm"  # more incidents than anybody reads one by one
    CATCH_UP = "catch_up"  # what gathered while Slack could not be reached


@dataclass(frozen=True, kw_only=True, slots=True)
class Storm:
    """One message that stands for many incidents of a channel."""

    id: str
    channel: str
    kind: Kind
    began_at: datetime
    last_at: datetime
    ended_at: datetime | None

    def is_over(self, now: datetime, *, is_told: bool) -> bool:
        """Only once people were told of it: before that, what resolves meanwhile need not become a message."""
        return is_told and (self.kind is Kind.CATCH_UP or now - self.last_at > WINDOW)


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """An incident of a storm; `is_opened` once it has a thread of its own."""

    incident: Incident
    is_opened: bool


def stands_alone(incident: Incident) -> bool:
    """Whether it gets a message of its own whatever else happens."""
    return incident.severity.lower() == "critical"


def most_pressing(members: Iterable[Member]) -> list[Member]:
    """Those that fire before those that do not, the gravest first, of equal ones the newest."""
    newest = sorted(members, key=lambda each: (each.incident.opened_at, each.incident.id), reverse=True)
    gravest = sorted(newest, key=lambda each: gravity(each.incident.severity))
    return sorted(gravest, key=lambda each: each.incident.state is not State.FIRING)
