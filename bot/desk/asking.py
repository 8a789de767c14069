"""Asking for an action: the wish is written down, and its preview ordered."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import BadInput, ContentError
from bot.core.ports import Json
from bot.desk import people
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.desk import Desk
from bot.desk.undoing import declined_undo
from bot.engine.approval import Why, standing
from bot.engine.incident import Incident
from bot.engine.inputs import checked
from bot.engine.request import Request, State, needs, wants_reason
from bot.engine.resumption import PENDING
from bot.engine.runbook import Action
from bot.store import audit, diagnoses, incidents, orders, requests, resumptions

_LONGEST_REASON = 1000


def ask(
    desk: Desk,
    *,
    person: str,
    incident_id: str,
    action: str,
    inputs: Mapping[str, Json],
    reason: str | None = None,
    original_id: str | None = None,
) -> Done | Declined:
    """Ask for an action of an incident's runbook; `original_id` names the executed request that it undoes.

    Done holds the id of the new request, which is being prepared.
    """
    asking = people.person(desk.directory, person)
    why = Why.UNCERTAIN if asking is None else standing(asking)
    with desk.database.begin() as conn:
        incident = incidents.locked(conn, incident_id)
        if why is not None:
            return _refused(desk, conn, declined(why), person=person, action=action, incident=incident)
        if incident is None:
            no = Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
            return _refused(desk, conn, no, person=person, action=action, incident=None)
        wish = Wish(
            person=person,
            incident=incident,
            content=_content(conn, incident, original_id),
            action=action,
            inputs=inputs,
            reason=(reason or "").strip()[:_LONGEST_REASON] or None,
            original_id=original_id,
        )
        made = _checked(desk, conn, wish)
        if isinstance(made, Request):
            _write(desk, conn, made)
            return Done(id=made.id)
        return _refused(desk, conn, made, person=person, action=action, incident=incident)


def _refused(
    desk: Desk, conn: Connection, no: Declined, *, person: str, action: str, incident: Incident | None
) -> Declined:
    """Write down who was told no, and why."""
    audit.append(
        conn,
        kind="request.ask_refused",
        actor=person,
        now=desk.now(),
        incident_id=incident.id if incident else None,
        data={"action": action[:64], "why": no.why, "say": no.say},
    )
    return no


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Who wants which action, and by which revision of the files."""

    person: str
    incident: Incident
    content: str
    action: str
    inputs: Mapping[str, Json]
    reason: str | None
    original_id: str | None


def _checked(desk: Desk, conn: Connection, wish: Wish) -> Request | Declined:
    action = _action(desk, wish)
    if action is None:
        say = "This incident's runbook has no such action."
        return Declined(why=Cause.NOT_OFFERED, say=say)
    if no := declined_undo(desk, conn, action, incident_id=wish.incident.id, original_id=wish.original_id):
        return no
    if wants_reason(action.risk) and wish.reason is None:
        return Declined(why=Cause.NO_REASON, say="This action needs a reason: say why it should be done.")
    try:
        given = checked(action.inputs, wish.inputs)
    except BadInput as error:
        return Declined(why=Cause.BAD_INPUT, say=str(error))
    original = requests.get(conn, wish.original_id) if wish.original_id else None
    params = original.params if original else wish.incident.params
    request = _request(desk, wish, action, params=params, inputs=given)
    if _is_asked(conn, request):
        return Declined(why=Cause.ALREADY_ASKED, say="This has been asked for already; its card is in the thread.")
    return request


def _content(conn: Connection, incident: Incident, original_id: str | None) -> str:
    """The files that the button was made from: the original's, else the latest diagnosis's, else the incident's."""
    if original_id is not None and (original := requests.get(conn, original_id)) is not None:
        return original.content
    latest = diagnoses.latest(conn, incident.id)
    return latest.content if latest else incident.content


def _action(desk: Desk, wish: Wish) -> Action | None:
    try:
        runbook = desk.contents(wish.content).runbooks.get(wish.incident.runbook)
    except ContentError:
        return None
    return runbook.action(wish.action) if runbook else None


def _request(
    desk: Desk, wish: Wish, action: Action, *, params: Mapping[str, Json], inputs: Mapping[str, Json]
) -> Request:
    return Request(
        id=desk.new_id(),
        incident_id=wish.incident.id,
        system=wish.incident.system,
        runbook=wish.incident.runbook,
        action=action.id,
        content=wish.content,
        original_id=wish.original_id,
        requester=wish.person,
        requested_at=desk.now(),
        reason=wish.reason,
        params=params,
        inputs=inputs,
        targets=None,
        preview=None,
        digest=None,
        state=State.PREPARING,
        needs=needs(action.risk),
        expires_at=None,
        settled_at=None,
        note=None,
    )


def _is_asked(conn: Connection, wanted: Request) -> bool:
    """Whether the same wish is already on its way: two cards for one effect would ask for two approvals."""
    unclaimed = {request.id for request in requests.unclaimed(conn)}
    to_go_on = {each.request_id for state in PENDING for each in resumptions.in_state(conn, state)}
    return any(
        each.action == wanted.action
        and each.original_id == wanted.original_id
        and wanted.inputs.items() <= each.inputs.items()
        and (each.state in {State.PREPARING, State.OPEN} or each.id in unclaimed | to_go_on)
        for each in requests.of_incident(conn, wanted.incident_id)
    )


def _write(desk: Desk, conn: Connection, request: Request) -> None:
    requests.add(conn, request)
    desk.enqueue(conn, orders.prepare(request.id))
    audit.append(
        conn,
        kind="request.asked",
        actor=request.requester,
        now=request.requested_at,
        incident_id=request.incident_id,
        request_id=request.id,
        data={
            "action": f"{request.runbook}#{request.action}",
            "content": request.content,
            "inputs": request.inputs,
            "reason": mask(request.reason) if request.reason else None,
            "original": request.original_id,
        },
    )
    desk.show.request(conn, request.id, request.requested_at)
