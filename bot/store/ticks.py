"""Ticks of an incident's checklist."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from bot.engine.checklist import Tick
from bot.store.tables import ticks


def of_incident(conn: Connection, incident_id: str) -> Mapping[str, Tick]:
    """Every step that is done, by its item."""
    found = conn.execute(select(ticks).where(ticks.c.incident_id == incident_id).order_by(ticks.c.at, ticks.c.item))
    return {row.item: Tick(person=row.person, at=row.at, skipped=row.skipped) for row in found}


def add(conn: Connection, incident_id: str, item: str, tick: Tick) -> None:
    """Note that a step is done."""
    values = {"incident_id": incident_id, "item": item, "person": tick.person, "at": tick.at, "skipped": tick.skipped}
    conn.execute(insert(ticks).values(values))


def remove(conn: Connection, incident_id: str, item: str) -> None:
    """A step is open again."""
    conn.execute(delete(ticks).where(ticks.c.incident_id == incident_id, ticks.c.item == item))
