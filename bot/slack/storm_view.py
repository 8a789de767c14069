"""From the rows of a storm to what its message shows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.egress import without_private
from bot.engine.incident import Incident, State
from bot.engine.severity import gravity
from bot.engine.storm import Kind, Member, Storm, most_pressing
from bot.slack.incident_view import mood
from bot.slack.reading import ContentsOf, system_title
from bot.slack.text import unmarked
from bot.slack.views import Mood
from bot.store import storms

MOST = 40  # incidents that are spelled out; Slack takes fifty blocks


@dataclass(frozen=True, kw_only=True, slots=True)
class StormLine:
    """One incident of the list; `says` is what its alert says of itself."""

    incident_id: str
    title: str
    says: str
    severity: str
    mood: Mood
    opened_at: datetime
    is_opened: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StormView:
    """Counts go by name, the most first for systems and the gravest first for severities."""

    kind: Kind
    began_at: datetime
    ended_at: datetime | None
    total: int
    firing: int
    by_system: tuple[tuple[str, int], ...]
    by_severity: tuple[tuple[str, int], ...]
    lines: tuple[StormLine, ...]


def storm_view(conn: Connection, storm: Storm, contents: ContentsOf) -> StormView:
    """Everything the storm's message shows."""
    members = most_pressing(storms.members(conn, storm.id))
    severities = Counter(each.incident.severity for each in members)
    return StormView(
        kind=storm.kind,
        began_at=storm.began_at,
        ended_at=storm.ended_at,
        total=len(members),
        firing=sum(each.incident.state is State.FIRING for each in members),
        by_system=tuple(_systems(members, contents)),
        by_severity=tuple(sorted(severities.items(), key=lambda each: gravity(each[0]))),
        lines=tuple(_line(each) for each in members[:MOST]),
    )


def _systems(members: Iterable[Member], contents: ContentsOf) -> list[tuple[str, int]]:
    revisions = {each.incident.system: each.incident.content for each in members}
    counted = Counter(each.incident.system for each in members)
    return [(system_title(contents, revisions[name], name), count) for name, count in counted.most_common()]


def _line(member: Member) -> StormLine:
    incident = member.incident
    return StormLine(
        incident_id=incident.id,
        title=incident.title,
        says=_says(incident),
        severity=incident.severity,
        mood=mood(incident),
        opened_at=incident.opened_at,
        is_opened=member.is_opened,
    )


def _says(incident: Incident) -> str:
    said = incident.annotations.get("summary") or incident.annotations.get("description") or ""
    return unmarked(without_private(said, incident.labels))
