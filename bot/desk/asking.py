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
from bot.engine import execution
from bot.engine.approval import Why, standing
from bot.engine.incident import Incident
from bot.engine.inputs import checked
from bot.engine.request import Request, State, needs, wants_reason
from bot.engine.runbook import Action
from bot.store import audit, diagnoses, executions, incidents, orders, requests

_LONGEST_REASON = 1000
_CARRIED_OUT = frozenset(
    {
        execution.State.SUCCEEDED,
        execution.State.UNKNOWN,
        execution.State.VERIFIED,
        execution.State.NOT_VERIFIED,
    }
)


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
    if why is not None:
        return declined(why)
    with desk.database.begin() as conn:
        incident = incidents.locked(conn, incident_id)
        if incident is None:
            return Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
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
        return made


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
    if no := _undo_declined(desk, conn, wish, action):
        return no
    if wants_reason(action.risk) and wish.reason is None:
        return Declined(why=Cause.NO_REASON, say="This action needs a reason: say why it should be done.")
    try:
        given = checked(action.inputs, wish.inputs)
    except BadInput as error:
        return Declined(why=Cause.BAD_INPUT, say=str(error))
    request = _request(desk, wish, action, given)
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


def _undo_declined(desk: Desk, conn: Connection, wish: Wish, action: Action) -> Declined | None:
    """An undo needs an execution to take back, and nothing else may name one."""
    if wish.original_id is None:
        if not action.is_undo_only:
            return None
        return Declined(why=Cause.NOT_OFFERED, say="This takes another action back; ask for it on that action's card.")
    original = requests.get(conn, wish.original_id)
    done = executions.get(conn, wish.original_id)
    if original is None or original.incident_id != wish.incident.id or _undo_of(desk, original) != action.id:
        return Declined(why=Cause.NOT_OFFERED, say="This does not take that action back.")
    if done is None or done.state not in _CARRIED_OUT:
        return Declined(
            why=Cause.NOT_EXECUTED, say="That action was not carried out, so there is nothing to take back."
        )
    return None


def _undo_of(desk: Desk, original: Request) -> str | None:
    runbook = desk.contents(original.content).runbooks.get(original.runbook)
    action = runbook.action(original.action) if runbook else None
    return action.undo if action else None


def _request(desk: Desk, wish: Wish, action: Action, given: Mapping[str, Json]) -> Request:
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
        params=wish.incident.params,
        inputs=given,
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
    return any(
        each.action == wanted.action
        and each.original_id == wanted.original_id
        and wanted.inputs.items() <= each.inputs.items()
        and (each.state in {State.PREPARING, State.OPEN} or each.id in unclaimed)
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
