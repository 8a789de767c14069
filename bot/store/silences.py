"""Silences as rows: wanted first, then told to Alertmanager, then over."""

from datetime import datetime

from sqlalchemy import Connection, Row, Select, select, update

from bot.engine.silence import LIVE, Silence, State
from bot.store.database import insert_new
from bot.store.tables import silences


def add(conn: Connection, silence: Silence) -> bool:
    """Writes one down; False when one of ours is live, or this one is known."""
    return insert_new(conn, silences, {name: getattr(silence, name) for name in Silence.__slots__})


def seen_again(conn: Connection, silence: Silence) -> bool:
    """Makes one that was made elsewhere live again, which had not covered its incident for a while."""
    changed = conn.execute(
        update(silences)
        .where(
            silences.c.incident_id == silence.incident_id,
            silences.c.number == silence.number,
            silences.c.is_ours.is_(False),
            silences.c.state == State.OVER,
        )
        .values(state=State.ACTIVE, ends_at=silence.ends_at)
    )
    return changed.rowcount == 1


def get(conn: Connection, silence_id: str) -> Silence | None:
    """One silence; None when there is none of this id."""
    row = conn.execute(select(silences).where(silences.c.id == silence_id)).first()
    return _silence(row) if row else None


def live(conn: Connection, incident_id: str) -> tuple[Silence, ...]:
    """What is silent now, or is about to be, or still is: ours first, then by when it ends."""
    return _all(conn, select(silences).where(silences.c.incident_id == incident_id, silences.c.state.in_(LIVE)))


def ours(conn: Connection, incident_id: str) -> Silence | None:
    """The one that was made here and is live."""
    return next((each for each in live(conn, incident_id) if each.is_ours), None)


def last_failed(conn: Connection, incident_id: str) -> Silence | None:
    """The one that was asked for last, if nothing came of it."""
    asked = select(silences).where(silences.c.incident_id == incident_id, silences.c.is_ours)
    row = conn.execute(asked.order_by(silences.c.asked_at.desc(), silences.c.id).limit(1)).first()
    return _silence(row) if row and row.state == State.FAILED else None


def all_live(conn: Connection) -> tuple[Silence, ...]:
    """Of all incidents."""
    return _all(conn, select(silences).where(silences.c.state.in_(LIVE)))


def unsettled(conn: Connection, *, asked_before: datetime) -> tuple[Silence, ...]:
    """Those of which Alertmanager is yet to be told something."""
    told = silences.c.state.in_([State.WANTED, State.LIFTING])
    return _all(conn, select(silences).where(told, silences.c.asked_at < asked_before))


def change(conn: Connection, before: Silence, after: Silence) -> bool:
    """Writes down what became of it; False when somebody else has changed its state since it was read."""
    kept = ("state", "ends_at", "number", "error", "ended_by")
    changed = conn.execute(
        update(silences)
        .where(silences.c.id == before.id, silences.c.state == before.state)
        .values({name: getattr(after, name) for name in kept})
    )
    return changed.rowcount == 1


def _all(conn: Connection, query: Select[tuple[object, ...]]) -> tuple[Silence, ...]:
    ordered = query.order_by(silences.c.is_ours.desc(), silences.c.ends_at, silences.c.id)
    return tuple(map(_silence, conn.execute(ordered)))


def _silence(row: Row[tuple[object, ...]]) -> Silence:
    kept = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Silence(**kept | {"state": State(row.state)})
