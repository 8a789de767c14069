"""Asking that the rest of an ended execution goes on: others have to approve it, as many as approved the whole."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.ports import Json
from bot.desk import matter as matters
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.desk import Desk, Found, Look
from bot.desk.matter import Matter
from bot.desk.policy import Policy, policy_of
from bot.desk.stopping import objection
from bot.desk.telling import note
from bot.engine.approval import Why
from bot.engine.request import Request
from bot.engine.request import State as Requested
from bot.engine.resumption import Rest, Resumption, State, as_request, digest_of, rest_of
from bot.engine.runbook import Action
from bot.store import executions, orders, requests, resumptions

_LONGEST_REASON = 1000
_OVER = frozenset({Requested.DENIED, Requested.EXPIRED, Requested.SUPERSEDED, Requested.REFUSED})


def resume(desk: Desk, *, person: str, request_id: str, reason: str | None) -> Done | Declined:
    """Ask to go on with what is left; for a member of its approver groups, or the requester. Nothing runs by it."""
    text = (reason or "").strip()[:_LONGEST_REASON]
    with desk.database.read() as conn:
        request = requests.get(conn, request_id)
    if request is None:
        return Declined(why=Cause.NOT_FOUND, say="There is no such request.")
    policy, why = policy_of(desk, request), objection(desk, person, request)
    no: Declined | None = declined(why or Why.UNCERTAIN) if why is not None or policy is None else None
    if no is None and not text:
        no = Declined(why=Cause.NO_REASON, say="Say why it may go on: what you looked at, and what it showed.")
    look = None
    if no is None and policy is not None:
        with desk.database.read() as conn:
            rest = rest_now(conn, request, policy.action, now=desk.now())
        # The target may be slow, so it is asked before the transaction and not in it.
        look = None if isinstance(rest, Declined) else desk.look_again(replace(request, targets=rest.targets))
    with desk.database.begin() as conn:
        requests.locked(conn, request_id)
        if no is None and policy is not None:
            told = _ask(desk, conn, request, policy, person=person, reason=mask(text), look=look)
            if isinstance(told, Done):
                return told
            no = told
        assert no is not None
        data: dict[str, Json] = {"why": no.why, "say": no.say}
        note(conn, request, kind="resumption.ask_refused", now=desk.now(), data=data, actor=person)
    return no


def rest_now(conn: Connection, request: Request, action: Action, *, now: datetime) -> Rest | Declined:
    """What of its execution may go on, if people agree; or why nothing may."""
    latest = resumptions.latest(conn, request.id)
    if latest is not None and latest.is_pending:
        return Declined(why=Cause.ALREADY_ASKED, say="Somebody has asked for that already; its card waits for votes.")
    if latest is not None and latest.state is State.SUPERSEDED:
        return _not_resumable("What is left has changed since it was stopped; there is a newer card for it.")
    if why := overtaken(conn, request):
        return _not_resumable(why)
    execution = executions.get(conn, request.id)
    if execution is None:
        return _not_resumable("It has not been carried out, so there is nothing to go on with.")
    deeds, votes = executions.deeds_of(conn, request.id), requests.votes_of(conn, request.id)
    rest = rest_of(execution, action, deeds, votes=votes, now=now)
    return _not_resumable(rest) if isinstance(rest, str) else rest


def overtaken(conn: Connection, request: Request) -> str | None:
    """What people have asked for since that speaks against going on, and has not come to nothing."""
    others = [each for each in requests.of_incident(conn, request.incident_id) if each.state not in _OVER]
    if any(each.original_id == request.id for each in others):
        return "It is being taken back, so it does not go on."
    if any(is_same_wish(each, request) and each.requested_at > request.requested_at for each in others):
        return "It has been asked for anew since; there is a newer card for it."
    return None


def is_same_wish(one: Request, other: Request) -> bool:
    """Whether both ask for the same, so that two cards could have one effect twice."""
    is_same_action = (one.runbook, one.action, one.original_id) == (other.runbook, other.action, other.original_id)
    # What is still being prepared has no defaults yet.
    mine, theirs = one.inputs.items(), other.inputs.items()
    return one.id != other.id and is_same_action and (mine <= theirs or theirs <= mine)


def _not_resumable(say: str) -> Declined:
    return Declined(why=Cause.NOT_RESUMABLE, say=say)


def _ask(
    desk: Desk, conn: Connection, request: Request, policy: Policy, *, person: str, reason: str, look: Look | None
) -> Done | Declined:
    now, action = desk.now(), policy.action
    rest = rest_now(conn, request, action, now=now)
    if isinstance(rest, Declined):
        return rest
    execution, latest = executions.get(conn, request.id), resumptions.latest(conn, request.id)
    if execution is None or look is None:
        return declined(Why.UNCERTAIN)  # it has become possible since it was looked at
    match look.found:
        case Found.UNREAD:
            say = f"What it would touch cannot be read now: {look.say}. Try again in a minute."
            return Declined(why=Why.UNREADABLE, say=say)
        case Found.IMPOSSIBLE:
            return Declined(why=Why.NOT_POSSIBLE, say=f"It is not possible any more: {look.say}")
        case Found.SAME | Found.DIFFERENT:
            number = latest.number + 1 if latest else 1
            deeds = executions.deeds_of(conn, request.id)
            made = Resumption(
                request_id=request.id,
                number=number,
                person=person,
                asked_at=now,
                reason=reason,
                targets=rest.targets,
                digest=digest_of(request, execution, deeds, number=number, rest=rest),
                state=State.OPEN,
                needs=request.needs,
                expires_at=now + action.approve.expires,
                settled_at=None,
                note=None,
            )
    resumptions.add(conn, made)
    data: dict[str, Json] = {
        "number": number,
        "digest": made.digest,
        "reason": reason,
        "left": sorted(rest.targets.ids),
        "passing_over": [deed.target for deed in rest.failed],
        "needs": made.needs,
    }
    note(conn, request, kind="resumption.asked", now=now, data=data, actor=person)
    if look.found is Found.DIFFERENT:
        matter = Matter(request=as_request(request, made), votes=(), resumption=made)
        matters.supersede(desk, conn, matter, what=look.say, now=now)
        say = f"Since it was stopped {look.say}. Nothing goes on; a new card shows what there is now."
        return Declined(why=Why.TARGETS_CHANGED, say=say)
    desk.enqueue(conn, orders.lapse(request.id, number, after=action.approve.expires))
    desk.show.request(conn, request.id, now)
    return Done(id=request.id)
