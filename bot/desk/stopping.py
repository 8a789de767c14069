"""Stopping an execution between two of its calls: the one that is under way ends, and no other begins."""

from bot.core.ports import Json
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.desk import Desk
from bot.desk.people import voters
from bot.desk.policy import policy_of
from bot.desk.telling import note
from bot.engine.approval import Why, standing
from bot.engine.request import Request
from bot.store import executions, orders, requests


def stop(desk: Desk, *, person: str, request_id: str) -> Done | Declined:
    """Let no further call begin; for a member of its approver groups, or the requester."""
    with desk.database.read() as conn:
        request = requests.get(conn, request_id)
    if request is None:
        return Declined(why=Cause.NOT_FOUND, say="There is no such request.")
    why, now = objection(desk, person, request), desk.now()
    with desk.database.begin() as conn:
        if why is not None:
            note(conn, request, kind="execution.stop_refused", now=now, data={"why": why}, actor=person)
            return declined(why)
        if not executions.stop(conn, request_id, person=person, now=now):
            data: dict[str, Json] = {"why": Cause.NOT_RUNNING}
            note(conn, request, kind="execution.stop_refused", now=now, data=data, actor=person)
            return Declined(why=Cause.NOT_RUNNING, say="It is not running any more, or has been stopped already.")
        note(conn, request, kind="execution.stop_asked", now=now, data={}, actor=person)
        desk.enqueue(conn, orders.go_on(request_id, now))  # between two batches nobody else would notice soon
        desk.show.request(conn, request_id, now)
    return Done(id=request_id)


def objection(desk: Desk, person: str, request: Request) -> Why | None:
    """Why this person neither stops it nor asks that it goes on: for an approver, or whoever asked for it."""
    policy = policy_of(desk, request)
    no_member = {request.requester}
    groups = policy.groups if policy else ()
    system = policy.system if policy else None
    known = voters(desk.directory, {person}, groups, system=system, no_member=no_member).get(person)
    if known is None:
        return Why.UNCERTAIN
    if why := standing(known.person):
        return why
    return None if known.is_member or person == request.requester else Why.NOT_IN_GROUP
