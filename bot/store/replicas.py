"""Which replicas live: a heartbeat row each, so that others may take over from one that died."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from bot.store.database import insert_new
from bot.store.tables import replicas


def beat(conn: Connection, *, name: str, incarnation: str, now: datetime) -> None:
    """Says that this replica lives. `incarnation` is drawn once per process; a new one is a new start."""
    row = {"name": name, "incarnation": incarnation, "started_at": now, "beat_at": now, "stopped": False}
    if insert_new(conn, replicas, row):
        return
    mine = replicas.c.name == name
    conn.execute(
        update(replicas)
        .where(mine, replicas.c.incarnation != incarnation)
        .values(incarnation=incarnation, started_at=now, stopped=False)
    )
    conn.execute(update(replicas).where(mine).values(beat_at=now))


def retire(conn: Connection, *, name: str, incarnation: str) -> None:
    """Says that this process ended in good order and left nothing to take over."""
    conn.execute(
        update(replicas).where(replicas.c.name == name, replicas.c.incarnation == incarnation).values(stopped=True)
    )


def is_alive(conn: Connection, incarnation: str, *, now: datetime, after: timedelta) -> bool:
    """Whether the process of this incarnation has beaten within `after`, and has not said that it stops."""
    beating = select(replicas.c.name).where(
        replicas.c.incarnation == incarnation, replicas.c.beat_at >= now - after, ~replicas.c.stopped
    )
    return conn.execute(beating).first() is not None


def dead(conn: Connection, *, now: datetime, after: timedelta) -> list[str]:
    """The replicas that have been silent for longer than `after` without having said that they stop, by name."""
    silent = select(replicas.c.name).where(replicas.c.beat_at < now - after, ~replicas.c.stopped)
    return list(conn.scalars(silent.order_by(replicas.c.name)))


def bury(conn: Connection, *, name: str, now: datetime, after: timedelta) -> bool:
    """Removes the row of a replica that is still dead; True for the one caller who may take over its jobs."""
    row = delete(replicas).where(replicas.c.name == name, replicas.c.beat_at < now - after, ~replicas.c.stopped)
    return conn.execute(row).rowcount == 1
