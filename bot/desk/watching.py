"""Looking after an incident: somebody takes it, or wants its questions asked again."""

from bot.core.ports import Json
from bot.desk.answer import Cause, Declined, Done
from bot.desk.desk import Desk
from bot.store import attention, audit, diagnoses, incidents


def acknowledge(desk: Desk, *, person: str, incident_id: str) -> Done | Declined:
    """Note that this person looks after the incident."""
    now = desk.now()
    with desk.database.begin() as conn:
        incident = incidents.locked(conn, incident_id)
        if incident is None:
            return Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
        if not attention.acknowledge(conn, incident_id, person=person, now=now):
            say = f"<@{incident.acknowledged_by}> has acknowledged it already."
            return Declined(why=Cause.ALREADY_ACKNOWLEDGED, say=say)
        audit.append(conn, kind="incident.acknowledged", actor=person, now=now, incident_id=incident_id, data={})
        desk.show.incident(conn, incident_id, now)
        return Done(id=incident_id)


def rerun(desk: Desk, *, person: str, incident_id: str) -> Done | Declined:
    """Order another diagnosis, by the files in use now."""
    now = desk.now()
    with desk.database.begin() as conn:
        incident = incidents.locked(conn, incident_id)
        if incident is None:
            return Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
        last = diagnoses.get(conn, incident_id, incident.diagnoses)
        if last is not None and last.finished_at is None:
            return Declined(why=Cause.ALREADY_RUNNING, say="Its questions are being asked right now.")
        number = incidents.order_diagnosis(conn, desk.enqueue, incident_id, content=desk.revision(), now=now)
        data: dict[str, Json] = {"number": number, "content": desk.revision()}
        audit.append(conn, kind="diagnosis.ordered", actor=person, now=now, incident_id=incident_id, data=data)
        desk.show.incident(conn, incident_id, now)
        return Done(id=incident_id)
