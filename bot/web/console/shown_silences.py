"""What is silenced, as the API, the console and the command line show it."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import Connection

from bot.core.model import Frozen
from bot.slack.life_views import Hush, SilenceView
from bot.slack.silence_view import silence_views
from bot.slack.text import plain
from bot.store import incidents, silences


class SilenceShown(Frozen):
    """A silence that covers an incident."""

    state: Hush
    person: str = Field(description="Slack user id of who asked for it; a name where it was made in Alertmanager")
    until: datetime
    reason: str
    is_ours: bool = Field(description="made here, and so can be lifted here")
    trouble: str | None = Field(description="why Alertmanager has not done it yet, or will not")


class Silenced(Frozen):
    """An incident that is silenced, or is about to be."""

    incident_id: str
    title: str
    system: str
    silences: tuple[SilenceShown, ...]


class Silences(Frozen):
    """All of them, those that end soonest first."""

    silenced: tuple[Silenced, ...]


def of(conn: Connection, incident_id: str) -> tuple[SilenceShown, ...]:
    """Of one incident; one that failed until another is asked for."""
    return tuple(map(_shown, silence_views(conn, incident_id)))


def live(conn: Connection) -> Silences:
    """Everything that is silent now, or is about to be."""
    ids = dict.fromkeys(each.incident_id for each in silences.all_live(conn))
    every = [_silenced(conn, incident_id) for incident_id in ids]
    return Silences(silenced=tuple(sorted(every, key=lambda each: min(one.until for one in each.silences))))


def _silenced(conn: Connection, incident_id: str) -> Silenced:
    incident = incidents.get(conn, incident_id)
    assert incident is not None  # incidents are never deleted
    return Silenced(
        incident_id=incident_id, title=plain(incident.title), system=incident.system, silences=of(conn, incident_id)
    )


def _shown(view: SilenceView) -> SilenceShown:
    return SilenceShown(
        state=view.hush,
        person=plain(view.person),
        until=view.until,
        reason=plain(view.reason),
        is_ours=view.is_ours,
        trouble=plain(view.trouble) if view.trouble else None,
    )
