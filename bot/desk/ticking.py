"""Ticking a step of a checklist, or taking the tick back."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import ContentError
from bot.core.ports import Json
from bot.desk.answer import Cause, Declined, Done
from bot.desk.desk import Desk
from bot.engine.checklist import Checklist, Tick, item_of, skipped
from bot.engine.incident import Incident
from bot.store import audit, diagnoses, incidents, ticks

_LONGEST = 300  # characters of a step in the audit


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticked(Done):
    """Done; where an earlier step is open, its number and text, for the person who passed it over."""

    number: int
    skipped: tuple[int, str] | None = None


def tick(desk: Desk, *, person: str, incident_id: str, item: str, is_done: bool) -> Ticked | Declined:
    """Note that this person has done the step, or that it is open again. Doing it twice changes nothing.

    A step before its turn is noted all the same, with what it passed over: people work as they must.
    """
    now = desk.now()
    with desk.database.begin() as conn:
        incident = incidents.locked(conn, incident_id)
        if incident is None:
            return Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
        checklist = _checklist(desk, conn, incident)
        items = [item_of(step) for step in checklist.steps] if checklist else []
        if checklist is None or item not in items:
            return Declined(why=Cause.NOT_OFFERED, say="This checklist has no such step any more.")
        done = ticks.of_incident(conn, incident_id)
        number = items.index(item) + 1
        if (item in done) == is_done:
            return Ticked(id=incident_id, number=number)
        over = skipped(checklist, item, done) if is_done else None
        if is_done:
            ticks.add(conn, incident_id, item, Tick(person=person, at=now, skipped=over))
        else:
            ticks.remove(conn, incident_id, item)
        data: dict[str, Json] = {"number": number, "step": mask(checklist.steps[number - 1])[:_LONGEST]}
        if over is not None:
            data["skipped"] = over
        kind = "checklist.ticked" if is_done else "checklist.reopened"
        audit.append(conn, kind=kind, actor=person, now=now, incident_id=incident_id, data=data)
        desk.show.checklist(conn, incident_id, now)
        return Ticked(
            id=incident_id, number=number, skipped=None if over is None else (over, checklist.steps[over - 1])
        )


def _checklist(desk: Desk, conn: Connection, incident: Incident) -> Checklist | None:
    """That of the files which the checklist in the thread was made from."""
    latest = diagnoses.latest(conn, incident.id)
    try:
        runbook = desk.contents(latest.content if latest else incident.content).runbooks.get(incident.runbook)
    except ContentError:
        return None
    return runbook.points if runbook else None
