"""Silencing an incident's alerts for a while: by name and in public, for whoever approves actions of its system."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import CountersignError
from bot.core.ports import Json
from bot.desk import people
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.desk import Contents, Desk
from bot.engine.incident import Incident
from bot.engine.incident import State as Standing
from bot.engine.origin import Origin
from bot.engine.route import UNROUTED
from bot.engine.silence import LONGEST, SHORTEST, Silence, State, matchers
from bot.engine.system import Group
from bot.store import audit, incidents, orders, silences

_LONGEST_REASON = 500
_LONGEST_NAME = 100


def silence(
    desk: Desk, *, person: str, incident_id: str, length: timedelta, reason: str | None = None
) -> Done | Declined:
    """Have Alertmanager silence the incident's group for so long. Done holds the silence's id."""
    if not desk.can_silence:
        return Declined(why=Cause.NOT_CONNECTED, say="I know no Alertmanager to silence this in: set ALERTMANAGER_URL.")
    if not SHORTEST <= length <= LONGEST:
        return Declined(why=Cause.BAD_INPUT, say=f"For how long: between a minute and {LONGEST.days} days, please.")
    contents = desk.contents(desk.revision())
    who = people.person(desk.directory, person)
    no = _objection(desk, contents, person=person, incident_id=incident_id)
    with desk.database.begin() as conn:
        incident = incidents.locked(conn, incident_id)
        no = no or _not_now(conn, incident)
        if no is not None or incident is None or who is None:
            return _refused(desk, conn, no or _NOBODY, person=person, incident=incident)
        wanted = Silence(
            id=desk.new_id(),
            incident_id=incident_id,
            state=State.WANTED,
            matchers=covered(contents, incident),
            person=person,
            name=who.name[:_LONGEST_NAME],
            reason=mask(" ".join((reason or "").split()))[:_LONGEST_REASON],
            asked_at=desk.now(),
            ends_at=desk.now() + length,
            number=None,
            is_ours=True,
            error=None,
            ended_by=None,
        )
        if not wanted.matchers:
            return _refused(desk, conn, _COVERS_ALL, person=person, incident=incident)
        silences.add(conn, wanted)
        desk.enqueue(conn, orders.silence(wanted.id, incident_id, "1"))
        data: dict[str, Json] = {
            "silence": wanted.id,
            "until": wanted.ends_at.isoformat(),
            "reason": wanted.reason,
            "labels": sorted(wanted.matchers),
        }
        audit.append(conn, kind="silence.asked", actor=person, now=wanted.asked_at, incident_id=incident_id, data=data)
        desk.show.incident(conn, incident_id, wanted.asked_at)
        return Done(id=wanted.id)


def unsilence(desk: Desk, *, person: str, incident_id: str) -> Done | Declined:
    """End the silence that was made here, before its time."""
    no = _objection(desk, desk.contents(desk.revision()), person=person, incident_id=incident_id)
    with desk.database.begin() as conn:
        incident = incidents.locked(conn, incident_id)
        held = silences.ours(conn, incident_id)
        if no is None and (held is None or held.state is State.LIFTING):
            elsewhere = bool(silences.live(conn, incident_id)) and held is None
            no = _ELSEWHERE if elsewhere else Declined(why=Cause.NOT_SILENCED, say="It is not silenced any more.")
        if no is not None or held is None:
            return _refused(desk, conn, no or _COVERS_ALL, person=person, incident=incident)
        now = desk.now()
        silences.change(conn, held, replace(held, state=State.LIFTING, ended_by=person, error=None))
        desk.enqueue(conn, orders.silence(held.id, incident_id, "lift"))
        data: dict[str, Json] = {"silence": held.id}
        audit.append(conn, kind="silence.lift_asked", actor=person, now=now, incident_id=incident_id, data=data)
        desk.show.incident(conn, incident_id, now)
        return Done(id=held.id)


def covered(contents: Contents, incident: Incident) -> dict[str, str]:
    """The label values that a silence of this incident would match; empty when it cannot be told from others."""
    system = contents.systems.get(incident.system)
    rules = system.rules if system else ()
    split = {name for rule in rules if rule.runbook == incident.runbook for name in rule.split_by}
    return matchers(incident.labels, group=incident.group_labels, split=split)


_NOBODY = Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
_COVERS_ALL = Declined(
    why=Cause.NOT_OFFERED,
    say="Its alerts share no label, so a silence would cover everything. Silence it in Alertmanager.",
)
_ELSEWHERE = Declined(
    why=Cause.NOT_OFFERED, say="It was silenced in Alertmanager itself, and perhaps for more than this. Lift it there."
)


def _objection(desk: Desk, contents: Contents, *, person: str, incident_id: str) -> Declined | None:
    with desk.database.read() as conn:
        incident = incidents.get(conn, incident_id)
    if incident is None:
        return _NOBODY
    try:
        why = people.not_of(desk.directory, person, groups_of(contents, incident.system))
    except CountersignError as error:
        return Declined(why=Cause.NOT_CONNECTED, say=str(error))
    return declined(why) if why else None


def groups_of(contents: Contents, system: str) -> list[Group]:
    """Who may silence: the system's approvers; everybody's for alerts of no system."""
    of = contents.systems.values() if system == UNROUTED else filter(None, [contents.systems.get(system)])
    return [group for each in of for group in each.approvers.values()]


def _not_now(conn: Connection, incident: Incident | None) -> Declined | None:
    if incident is None:
        return _NOBODY
    if incident.origin is not Origin.ALERTMANAGER:
        return Declined(
            why=Cause.NOT_OFFERED, say="No alert of Alertmanager's is behind it, so there is nothing to silence."
        )
    if incident.state is not Standing.FIRING:
        return Declined(why=Cause.NOT_FIRING, say="It does not fire any more, so there is nothing to silence.")
    held = silences.ours(conn, incident.id)
    if held is None:
        return None
    say = f"<@{held.person}> has silenced it already. To change that, unsilence it first."
    return Declined(why=Cause.ALREADY_SILENCED, say=say)


def _refused(desk: Desk, conn: Connection, no: Declined, *, person: str, incident: Incident | None) -> Declined:
    audit.append(
        conn,
        kind="silence.refused",
        actor=person,
        now=desk.now(),
        incident_id=incident.id if incident else None,
        data={"why": no.why, "say": no.say},
    )
    return no
