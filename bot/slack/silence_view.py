"""From silences as rows to what the root message shows of them, and the form that asks for one."""

from sqlalchemy import Connection

from bot.core.egress import masked_field
from bot.desk import Desk
from bot.desk.silencing import covered
from bot.engine import silence as silencing
from bot.engine.silence import Silence
from bot.slack.answer_views import SilenceForm
from bot.slack.life_views import Hush, SilenceView
from bot.store import incidents, silences

_HUSH = {
    silencing.State.WANTED: Hush.WANTED,
    silencing.State.ACTIVE: Hush.ACTIVE,
    silencing.State.LIFTING: Hush.LIFTING,
    silencing.State.FAILED: Hush.FAILED,
}


def silence_views(conn: Connection, incident_id: str) -> tuple[SilenceView, ...]:
    """What is silent, ours first; a failed one until another is asked for."""
    live = silences.live(conn, incident_id)
    failed = silences.last_failed(conn, incident_id)
    return tuple(map(_view, (*live, *([failed] if failed and not live else []))))


def silence_form(conn: Connection, desk: Desk, incident_id: str) -> SilenceForm | None:
    """What is asked before an incident is silenced; None when there is none of this id."""
    incident = incidents.get(conn, incident_id)
    if incident is None:
        return None
    matchers = covered(desk.contents(desk.revision()), incident)
    return SilenceForm(
        subject=incident_id,
        title=incident.title,
        matchers=tuple((name, masked_field(name, value)) for name, value in matchers.items()),
    )


def _view(silence: Silence) -> SilenceView:
    return SilenceView(
        hush=_HUSH[silence.state],
        person=silence.person,
        until=silence.ends_at,
        reason=silence.reason,
        is_ours=silence.is_ours,
        trouble=silence.error,
    )
