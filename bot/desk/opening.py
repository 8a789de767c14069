"""Running a runbook without an alert: opened by a person or the clock, closed by a person; else like any incident."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from bot.core.errors import BadInput
from bot.core.ports import Json
from bot.desk.answer import SAY, Cause, Declined, Done
from bot.desk.desk import Contents, Desk
from bot.desk.people import person as known
from bot.engine.approval import Why
from bot.engine.incident import Episode
from bot.engine.opening import Opening, begun, ended, wrong
from bot.engine.origin import Origin
from bot.engine.unproven import is_only_doubted
from bot.store import audit, incidents
from bot.store.work import Enqueue, Show

LONGEST = 128  # characters of a parameter


class Hands(Protocol):
    """What it takes to open an incident; the desk and the jobs both have it."""

    @property
    def enqueue(self) -> Enqueue: ...

    @property
    def show(self) -> Show: ...

    @property
    def contents(self) -> Callable[[str], Contents]: ...

    @property
    def new_id(self) -> Callable[[], str]: ...


def run(
    desk: Desk, *, person: str, runbook: str, params: Mapping[str, str], channel: str | None = None, seed: str = ""
) -> Done | Declined:
    """Open an incident by hand. `seed` names the wish, such as a trigger's id: said twice, it opens one incident."""
    if no := _not_ours(desk, person):
        return no
    now = desk.now()
    opening = Opening(
        origin=Origin.BY_HAND,
        opened_by=person,
        runbook=runbook,
        content=desk.revision(),
        seed=seed or desk.new_id(),
        params=params,
        channel=channel,
    )
    with desk.database.begin() as conn:
        try:
            return Done(id=open_incident(desk, conn, opening, now=now))
        except BadInput as error:
            return Declined(why=Cause.BAD_INPUT, say=str(error))


def open_incident(hands: Hands, conn: Connection, opening: Opening, *, now: datetime) -> str:
    """Open it, order its diagnosis, show it, and write down who did; returns its id, an older one's for the same seed.

    Raises BadInput when there is no such runbook, or a parameter is wrong.
    """
    files = hands.contents(opening.content)
    system, runbook = files.systems.get(opening.system), files.runbooks.get(opening.runbook)
    if system is None or runbook is None:
        raise BadInput(f"there is no runbook {opening.runbook}")
    if found := [*wrong(runbook, opening.params)]:
        raise BadInput(f"{opening.runbook}: {'; '.join(found)}")
    outcome = begun(opening, system=system, runbook=runbook, incident_id=hands.new_id(), now=now)
    incident = outcome.after.incident
    if (older := incidents.of_key(conn, incident.key)) is not None:
        return older.id
    incidents.save(conn, outcome)
    incidents.order_diagnosis(conn, hands.enqueue, incident.id, content=incident.content, now=now)
    data: dict[str, Json] = {
        "system": incident.system,
        "event": incident.event,
        "runbook": incident.runbook,
        "content": incident.content,
        "origin": incident.origin,
        "opened_by": opening.opened_by,
        "params": sorted(opening.params),
    }
    actor = opening.opened_by if opening.origin is Origin.BY_HAND else audit.OURSELVES
    audit.append(conn, kind="incident.opened", actor=actor, now=now, incident_id=incident.id, data=data)
    hands.show.incident(conn, incident.id, now)
    return incident.id


def close(desk: Desk, *, person: str, incident_id: str) -> Done | Declined:
    """Close an incident that no alert keeps open."""
    if no := _not_ours(desk, person):
        return no
    with desk.database.begin() as conn:
        incident = incidents.locked(conn, incident_id)
        if incident is None:
            return Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
        episode = Episode(incident=incident, alerts=incidents.alerts_of(conn, incident_id))
        is_alert = incident.origin.fires or any(each.source.fires for each in episode.alerts.values())
        if is_alert and not is_only_doubted(episode.alerts):
            say = "Its alert says when it is over; silence it if it should be quiet until then."
            return Declined(why=Cause.NOT_OFFERED, say=say)
        if not episode.is_open:
            return Declined(why=Cause.NOT_OFFERED, say="It is closed already.")
        close_incident(conn, episode, by=person, now=desk.now())
        desk.show.incident(conn, incident_id, desk.now())
        return Done(id=incident_id)


def close_incident(conn: Connection, episode: Episode, *, by: str, now: datetime, why: str = "") -> None:
    """Write down that it is over. Whoever calls it shows the incident."""
    incidents.save(conn, ended(episode, by=by, now=now))
    data: dict[str, Json] = {"origin": episode.incident.origin, **({"why": why} if why else {})}
    audit.append(conn, kind="incident.closed", actor=by, now=now, incident_id=episode.incident.id, data=data)


def _not_ours(desk: Desk, user_id: str) -> Declined | None:
    """Anybody of the workspace may look into something; guests, strangers and bots may not."""
    person = known(desk.directory, user_id)
    if person is None:
        return Declined(why=Why.UNCERTAIN, say=SAY[Why.UNCERTAIN])
    kinds = {
        Why.BOT: person.is_bot,
        Why.DELETED: person.is_deleted,
        Why.GUEST: person.is_guest,
        Why.STRANGER: person.is_stranger,
    }
    why = next((why for why, holds in kinds.items() if holds), None)
    return Declined(why=why, say="Only full members of this workspace run runbooks.") if why else None
