"""Settling what no machine can know: a person looked at the target, and says what became of an unknown call."""

from datetime import timedelta

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.ports import Json
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.desk import Desk
from bot.desk.people import voters
from bot.desk.policy import Policy, policy_of
from bot.desk.telling import note
from bot.engine.approval import Why, eligible
from bot.engine.execution import Done as Became
from bot.engine.execution import may_be_settled, open_deed
from bot.engine.request import Request
from bot.store import endings, executions, requests

_LONGEST_REASON = 1000
_NEVER = timedelta(0)  # once a person has settled it nothing is looked up


def settle(desk: Desk, *, person: str, request_id: str, took_effect: bool, reason: str | None) -> Done | Declined:
    """Say whether the unknown call of an execution took effect; for an approver who is not the requester.

    What took effect is then verified if it was the last call; otherwise it ends there, and the rest is not tried.
    """
    text = (reason or "").strip()[:_LONGEST_REASON]
    with desk.database.read() as conn:
        request = requests.get(conn, request_id)
    if request is None:
        return Declined(why=Cause.NOT_FOUND, say="There is no such request.")
    policy = policy_of(desk, request)
    why = _objection(desk, person, request, policy)
    with desk.database.begin() as conn:
        told: Done | Declined
        if not text:
            told = Declined(why=Cause.NO_REASON, say="Say how you know: what you looked at, and what it showed.")
        elif why is not None or policy is None:
            told = _declined(why or Why.UNCERTAIN)
        else:
            told = _settle(desk, conn, request, policy, person=person, took_effect=took_effect, reason=mask(text))
        if isinstance(told, Declined):
            data: dict[str, Json] = {"took_effect": took_effect, "why": told.why}
            note(conn, request, kind="execution.settle_refused", now=desk.now(), data=data, actor=person)
        return told


def _declined(why: Why) -> Declined:
    if why in {Why.REQUESTER, Why.ALIAS}:
        return Declined(why=why, say="You asked for this, so somebody else must say what became of it.")
    return declined(why)


def _objection(desk: Desk, person: str, request: Request, policy: Policy | None) -> Why | None:
    known = voters(
        desk.directory,
        {person, request.requester},
        policy.groups if policy else (),
        system=policy.system if policy else None,
        no_member={request.requester},
    )
    judge, requester = known.get(person), known.get(request.requester)
    if judge is None or requester is None:
        return Why.UNCERTAIN
    return eligible(judge, requester=requester)


def _settle(
    desk: Desk, conn: Connection, request: Request, policy: Policy, *, person: str, took_effect: bool, reason: str
) -> Done | Declined:
    now, action = desk.now(), policy.action
    held = executions.locked(conn, request.id)
    deed = open_deed(executions.deeds_of(conn, request.id))
    if held is None or deed is None or not may_be_settled(held, has_probe=action.probe is not None, now=now):
        return Declined(why=Cause.NOT_UNKNOWN, say="There is nothing for a person to settle about it now.")
    said = "took effect" if took_effect else "did not take effect"
    executions.finish_deed(
        conn,
        request.id,
        number=deed.number,
        state=Became.SUCCEEDED if took_effect else Became.FAILED,
        now=now,
        error=None if took_effect else f"somebody looked, and call {deed.number} {said}: {reason}",
    )
    data: dict[str, Json] = {
        "number": deed.number,
        "target": deed.target,
        "took_effect": took_effect,
        "reason": reason,
    }
    note(conn, request, kind="execution.settled_by", now=now, data=data, actor=person)
    ended = endings.end(
        conn,
        desk.enqueue,
        request_id=request.id,
        action=action,
        now=now,
        look_up_after=_NEVER,
        because=f"somebody looked, and call {deed.number} {said}: {reason}",
        is_stopped=True,
    )
    if ended is not None:
        note(conn, request, kind=f"execution.{ended.state}", now=now, data={"outcome": ended.outcome})
    desk.show.request(conn, request.id, now)
    return Done(id=request.id)
