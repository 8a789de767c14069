"""Who looks after an incident: acknowledged by somebody, or in need of somebody again."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.store.tables import audit, incidents


def acknowledge(conn: Connection, incident_id: str, *, person: str, now: datetime) -> bool:
    """Notes who looks after it; False when somebody does already, or there is no such incident."""
    changed = conn.execute(
        update(incidents)
        .where(incidents.c.id == incident_id, incidents.c.acknowledged_by.is_(None))
        .values(acknowledged_by=person, acknowledged_at=now)
    )
    return changed.rowcount == 1


def acknowledged_by(conn: Connection, incident_id: str) -> str | None:
    """Who looks after it; None when nobody does."""
    return conn.scalar(select(incidents.c.acknowledged_by).where(incidents.c.id == incident_id))


def last_acknowledged(conn: Connection, incident_id: str) -> str | None:
    """Who acknowledged it last, even if that was taken back since."""
    said = select(audit.c.actor).where(audit.c.incident_id == incident_id, audit.c.kind == "incident.acknowledged")
    return conn.scalar(said.order_by(audit.c.seq.desc()).limit(1))


def call_for(conn: Connection, incident_id: str) -> None:
    """Takes an acknowledgement back: something happened that somebody must look at."""
    conn.execute(
        update(incidents).where(incidents.c.id == incident_id).values(acknowledged_by=None, acknowledged_at=None)
    )
