"""Finds incidents by what people have of them: the beginning of an id, or the thread in Slack."""

from sqlalchemy import Connection, select

from bot.engine.incident import Incident
from bot.store import incidents as rows
from bot.store.tables import incidents as table
from bot.store.tables import messages

_MOST = 5


def incidents(conn: Connection, beginning: str) -> list[Incident]:
    """Those whose id begins so, newest first; a few are enough to say that it is not one."""
    if not all(letter in "0123456789abcdef-" for letter in beginning):
        return []
    query = select(table.c.id).where(table.c.id.startswith(beginning, autoescape=True))
    ids = list(conn.scalars(query.order_by(table.c.opened_at.desc(), table.c.id).limit(_MOST)))
    found = (rows.get(conn, each) for each in ids)
    return [each for each in found if each is not None]


def of_thread(conn: Connection, *, channel: str, thread_ts: str) -> str | None:
    """The incident whose root message began this thread."""
    found: str | None = conn.scalar(
        select(messages.c.incident_id).where(
            messages.c.slack_channel == channel, messages.c.slack_ts == thread_ts, messages.c.thread_of.is_(None)
        )
    )
    return found


def place_of(conn: Connection, incident_id: str) -> tuple[str, str] | None:
    """Channel and timestamp of the incident's root message; None while Slack does not show it."""
    query = select(messages.c.slack_channel, messages.c.slack_ts).where(messages.c.subject == f"root:{incident_id}")
    row = conn.execute(query).first()
    return (row.slack_channel, row.slack_ts) if row and row.slack_ts else None
