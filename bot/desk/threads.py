"""Opening the thread of an incident that a storm's message stands for."""

from bot.desk.answer import Cause, Declined, Done
from bot.desk.desk import Desk
from bot.store import audit, incidents, storms


def open_thread(desk: Desk, *, person: str, incident_id: str) -> Done | Declined:
    """Give the incident a root message and a thread of its own."""
    now = desk.now()
    with desk.database.begin() as conn:
        if incidents.locked(conn, incident_id) is None:
            return Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
        storm_id = storms.holding(conn, incident_id)
        if storm_id is None or not desk.show.thread(conn, incident_id, now):
            return Declined(why=Cause.ALREADY_OPENED, say="Its thread is open already; look further down.")
        audit.append(conn, kind="incident.thread_opened", actor=person, now=now, incident_id=incident_id, data={})
        desk.show.storm(conn, storm_id, now)
        return Done(id=incident_id)
