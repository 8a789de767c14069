"""Whose Home of the app was opened lately, and what it shows."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from bot.store.database import insert_new
from bot.store.tables import homes as table

LATELY = timedelta(minutes=30)
_EACH = timedelta(seconds=8)  # how often one is looked at, over all replicas


def opened(conn: Connection, person: str, now: datetime) -> None:
    """Notes that somebody looks at it now; what it shows is published whatever it was."""
    values = {"person": person, "opened_at": now, "looked_at": now, "shown": None}
    if not insert_new(conn, table, values):
        conn.execute(update(table).where(table.c.person == person).values(**values))


def due(conn: Connection, now: datetime) -> list[str]:
    """Those opened lately that nobody has looked at for some seconds."""
    query = select(table.c.person).where(table.c.opened_at > now - LATELY, table.c.looked_at <= now - _EACH)
    return list(conn.scalars(query.order_by(table.c.person)))


def take(conn: Connection, person: str, now: datetime) -> bool:
    """Whether it is ours to look at; another replica may have been quicker."""
    mine = (table.c.person == person) & (table.c.looked_at <= now - _EACH)
    return conn.execute(update(table).where(mine).values(looked_at=now)).rowcount == 1


def shows(conn: Connection, person: str) -> str | None:
    """The digest of what it shows."""
    found: str | None = conn.scalar(select(table.c.shown).where(table.c.person == person))
    return found


def shown(conn: Connection, person: str, digest: str) -> None:
    conn.execute(update(table).where(table.c.person == person).values(shown=digest))


def forget(conn: Connection, now: datetime) -> int:
    """Removes those that were not opened for a day; returns how many."""
    return conn.execute(delete(table).where(table.c.opened_at < now - timedelta(days=1))).rowcount
