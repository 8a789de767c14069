"""Storms as rows, and the incidents each stands for."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from bot.engine.incident import State
from bot.engine.storm import Kind, Member, Storm
from bot.store.incidents import incident_of
from bot.store.tables import incidents, messages, storm_incidents, storms


def get(conn: Connection, storm_id: str) -> Storm | None:
    """One storm; None when there is none of this id."""
    row = conn.execute(select(storms).where(storms.c.id == storm_id)).first()
    return _storm(row) if row else None


def running(conn: Connection, channel: str) -> Storm | None:
    """The storm of a channel that is not over, locked; None while all is calm."""
    query = select(storms).where(storms.c.channel == channel, storms.c.ended_at.is_(None)).with_for_update()
    row = conn.execute(query).first()
    return _storm(row) if row else None


def all_running(conn: Connection) -> list[Storm]:
    rows = conn.execute(select(storms).where(storms.c.ended_at.is_(None)).order_by(storms.c.began_at))
    return [_storm(row) for row in rows]


def begin(conn: Connection, storm: Storm) -> None:
    conn.execute(insert(storms).values(**{name: getattr(storm, name) for name in Storm.__slots__}))


def opened_since(conn: Connection, channel: str, since: datetime) -> int:
    """How many incidents were opened in a channel after this moment."""
    query = select(func.count()).where(incidents.c.channel == channel, incidents.c.opened_at > since)
    return conn.scalar(query) or 0


def untold(conn: Connection, channel: str, *, before: datetime | None = None, opened_after: datetime) -> list[str]:
    """Incidents whose root waits to be posted for the first time, and no storm ever stood for them.

    :param before: only those that wait since before this moment
    """
    waits = and_(
        messages.c.channel == channel,
        messages.c.subject == "root:" + incidents.c.id,
        messages.c.slack_ts.is_(None),
        messages.c.sending_since.is_(None),
        messages.c.unsure_since.is_(None),
        messages.c.storm_id.is_(None),
    )
    query = (
        select(incidents.c.id)
        .select_from(incidents.join(messages, waits).outerjoin(storm_incidents))
        .where(storm_incidents.c.incident_id.is_(None), incidents.c.opened_at > opened_after)
        .where(func.lower(incidents.c.severity) != "critical")
    )
    if before is not None:
        query = query.where(messages.c.behind_since < before)
    return list(conn.scalars(query.with_for_update(of=messages)))


def join(conn: Connection, storm: Storm, incident_ids: Collection[str], now: datetime) -> None:
    """The storm stands for these, too; roots that are not posted yet are held back."""
    if not incident_ids:
        return
    conn.execute(update(storms).where(storms.c.id == storm.id).values(last_at=now))
    roots = conn.scalars(
        select(messages.c.id).where(messages.c.subject.in_([f"root:{each}" for each in incident_ids]))
    ).all()
    held = or_(messages.c.id.in_(roots), messages.c.thread_of.in_(roots))
    conn.execute(update(messages).where(held).values(storm_id=storm.id))
    rows = [{"incident_id": each, "storm_id": storm.id, "is_opened": False} for each in incident_ids]
    conn.execute(insert(storm_incidents), rows)


def holding(conn: Connection, incident_id: str) -> str | None:
    """The storm that stands for an incident, which stays so until this transaction ends; None when none does.

    Whoever has something to show asks here first: if the incident is let go meanwhile, the later of the two sees
    what the earlier has done.
    """
    query = (
        select(storm_incidents.c.storm_id)
        .where(storm_incidents.c.incident_id == incident_id, ~storm_incidents.c.is_opened)
        .with_for_update()
    )
    found: str | None = conn.scalar(query)
    return found


def members(conn: Connection, storm_id: str) -> list[Member]:
    query = select(incidents, storm_incidents.c.is_opened).join(storm_incidents)
    rows = conn.execute(query.where(storm_incidents.c.storm_id == storm_id))
    return [Member(incident=incident_of(row), is_opened=row.is_opened) for row in rows]


def open_thread(conn: Connection, incident_id: str, *, now: datetime) -> bool:
    """From now on it is told by itself; False when it is already. What it should say is for the caller to compose."""
    opened = conn.execute(
        update(storm_incidents)
        .where(storm_incidents.c.incident_id == incident_id, ~storm_incidents.c.is_opened)
        .values(is_opened=True)
    )
    if opened.rowcount == 0:
        return False
    held = and_(messages.c.incident_id == incident_id, messages.c.storm_id.is_not(None))
    conn.execute(update(messages).where(held).values(storm_id=None, behind_since=now))
    return True


def end(conn: Connection, storm_id: str, *, now: datetime) -> bool:
    """Notes that it is over; False when somebody else has."""
    over = update(storms).where(storms.c.id == storm_id, storms.c.ended_at.is_(None)).values(ended_at=now)
    return conn.execute(over).rowcount == 1


def left_firing(conn: Connection, limit: int) -> list[str]:
    """Incidents of storms that are over, which fire and are not told by themselves yet; those opened first."""
    query = (
        select(incidents.c.id)
        .select_from(storm_incidents.join(storms).join(incidents))
        .where(storms.c.ended_at.is_not(None), ~storm_incidents.c.is_opened, incidents.c.state == State.FIRING)
        .order_by(incidents.c.opened_at, incidents.c.id)
        .limit(limit)
    )
    return list(conn.scalars(query))


def _storm(row: Row[tuple[object, ...]]) -> Storm:
    kept = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Storm(**{**kept, "kind": Kind(kept["kind"])})
