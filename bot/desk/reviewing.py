"""Reviewing what one person did alone: somebody else looks at it afterwards, and countersigns."""

from bot.core.ports import Json
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.desk import Desk
from bot.desk.people import voters
from bot.desk.policy import policy_of
from bot.desk.telling import note
from bot.engine.approval import MayNot, Vote, Why, may_review
from bot.engine.request import Request
from bot.store import requests, reviews


def review(desk: Desk, *, person: str, request_id: str) -> Done | Declined:
    """Countersign what was done by break-glass; for an approver who neither asked for it nor did it."""
    with desk.database.read() as conn:
        request = requests.get(conn, request_id)
        broken = reviews.broken(conn, request_id)
    if request is None:
        return Declined(why=Cause.NOT_FOUND, say="There is no such request.")
    why = _objection(desk, person, request, broken)
    now = desk.now()
    with desk.database.begin() as conn:
        requests.locked(conn, request_id)
        if why is None and not reviews.add(conn, request_id, person=person, now=now):
            why = Why.REVIEWED
        data: dict[str, Json] = {"why": why} if why else {}
        kind = "request.review_refused" if why else "request.reviewed"
        note(conn, request, kind=kind, now=now, data=data, actor=person)
        if why is not None:
            return declined(why)
        desk.show.request(conn, request_id, now)
    return Done(id=request_id)


def _objection(desk: Desk, person: str, request: Request, broken: Vote | None) -> Why | None:
    if broken is None:
        return Why.NOT_BROKEN
    policy = policy_of(desk, request)
    known = voters(
        desk.directory,
        {person, request.requester, broken.person},
        policy.groups if policy else (),
        system=policy.system if policy else None,
        no_member={request.requester, broken.person},
    )
    reviewer, requester, breaker = (known.get(each) for each in (person, request.requester, broken.person))
    if reviewer is None or requester is None or breaker is None:
        return Why.UNCERTAIN
    verdict = may_review(reviewer, requester=requester, breaker=breaker)
    return verdict.why if isinstance(verdict, MayNot) else None
