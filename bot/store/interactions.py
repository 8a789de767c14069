"""What Slack sent us, once each: events are retried, clicks are doubled, captured requests are replayed."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from bot.store.database import insert_new
from bot.store.tables import interactions

_KEEP = timedelta(days=7)  # Slack signs with a window of five minutes and retries events within an hour


def first_time(conn: Connection, interaction_id: str, now: datetime) -> bool:
    """Whether this interaction has not been seen; it has from now on, if the transaction commits."""
    return insert_new(conn, interactions, {"id": interaction_id, "at": now})


def forget(conn: Connection, now: datetime) -> int:
    """Removes what nobody can send again; returns how many."""
    return conn.execute(delete(interactions).where(interactions.c.at < now - _KEEP)).rowcount
