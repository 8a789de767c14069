"""Voting: an approval or a denial of one digest, by somebody who may, written in one transaction."""

from collections.abc import Mapping

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import CountersignError
from bot.core.ports import Json
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.desk import Desk
from bot.desk.people import voters
from bot.engine.approval import Choice, MayNot, Vote, Voter, Why, may_deny, may_vote, tally
from bot.engine.request import Request, State
from bot.engine.system import Group
from bot.store import audit, orders, requests

_TRIES = 5  # in each, somebody else voted between the look at the directory and the transaction
_LONGEST_REASON = 1000


def vote(desk: Desk, *, person: str, request_id: str, digest: str, reason: str | None = None) -> Done | Declined:
    """Approve what `digest` stands for. The vote that is enough orders the execution in its own transaction."""
    return _decide(desk, Choice.APPROVE, person=person, request_id=request_id, digest=digest, reason=reason)


def deny(desk: Desk, *, person: str, request_id: str, digest: str, reason: str | None = None) -> Done | Declined:
    """End the request: an approver says no, or the requester withdraws it."""
    return _decide(desk, Choice.DENY, person=person, request_id=request_id, digest=digest, reason=reason)


def _decide(
    desk: Desk, choice: Choice, *, person: str, request_id: str, digest: str, reason: str | None
) -> Done | Declined:
    text = (reason or "").strip()[:_LONGEST_REASON] or None
    for _ in range(_TRIES):
        with desk.database.read() as conn:
            request = requests.get(conn, request_id)
            earlier = requests.votes_of(conn, request_id)
        if request is None:
            return Declined(why=Cause.NOT_FOUND, say="There is no such request.")
        # The directory may be slow, so it is asked before the transaction and not in it.
        asked = {person, request.requester, *(each.person for each in earlier)}
        known = voters(desk.directory, asked, _groups(desk, request), requester=request.requester)
        with desk.database.begin() as conn:
            cast = Vote(person=person, choice=choice, digest=digest, reason=text, at=desk.now())
            told = _record(desk, conn, request_id=request_id, cast=cast, known=known, asked=asked)
        if told is not None:
            return told
    return declined(Why.UNCERTAIN)


def _groups(desk: Desk, request: Request) -> tuple[Group, ...]:
    """The action's approver groups by the files of its revision; nobody's when those are gone."""
    try:
        contents = desk.contents(request.content)
    except CountersignError:
        return ()
    system, runbook = contents.systems.get(request.system), contents.runbooks.get(request.runbook)
    action = runbook.action(request.action) if runbook else None
    if system is None or action is None:
        return ()
    return tuple(system.approvers[name] for name in action.approve.by if name in system.approvers)


def _record(
    desk: Desk, conn: Connection, *, request_id: str, cast: Vote, known: Mapping[str, Voter], asked: set[str]
) -> Done | Declined | None:
    """Write the vote down, or why not; None when a vote came in of somebody not asked about."""
    request = requests.locked(conn, request_id)
    assert request is not None  # requests are never deleted
    earlier = requests.votes_of(conn, request_id)
    if not {each.person for each in earlier} <= asked:
        return None
    why = _objection(request, cast, earlier=earlier, known=known)
    if why is None and not requests.add_vote(conn, request_id, cast):
        why = Why.ALREADY_VOTED
    if why is not None:
        _note(conn, request, cast, kind="request.vote_refused", why=why)
        return declined(why)
    _note(conn, request, cast, kind="request.voted")
    match cast.choice:
        case Choice.DENY:
            requests.move(conn, request_id, to=State.DENIED, now=cast.at, note=_denied_by(cast, request))
            _note(conn, request, cast, kind="request.denied")
        case Choice.APPROVE:
            _count(desk, conn, request, cast, votes=(*earlier, cast), known=known)
    desk.show.request(conn, request_id, cast.at)
    return Done(id=request_id)


def _objection(request: Request, cast: Vote, *, earlier: tuple[Vote, ...], known: Mapping[str, Voter]) -> Why | None:
    voter, requester = known.get(cast.person), known.get(request.requester)
    if voter is None:
        return Why.UNCERTAIN
    if cast.choice is Choice.DENY:
        verdict = may_deny(voter, request=request, digest=cast.digest, now=cast.at)
    elif requester is None:
        return Why.UNCERTAIN
    else:
        verdict = may_vote(
            voter,
            request=request,
            requester=requester.person,
            votes=earlier,
            earlier=known,
            digest=cast.digest,
            now=cast.at,
        )
    return verdict.why if isinstance(verdict, MayNot) else None


def _count(
    desk: Desk, conn: Connection, request: Request, cast: Vote, *, votes: tuple[Vote, ...], known: Mapping[str, Voter]
) -> None:
    counted = tally(request, votes=votes, voters=known, requester=known[request.requester].person)
    if not counted.is_enough:
        return
    requests.move(conn, request.id, to=State.APPROVED, now=cast.at)
    desk.enqueue(conn, orders.execute(request.id))
    more: dict[str, Json] = {"approvers": sorted(counted.approvers), "needs": counted.needs}
    _note(conn, request, cast, kind="request.approved", more=more)


def _denied_by(cast: Vote, request: Request) -> str:
    said = "withdrawn by the requester" if cast.person == request.requester else "denied"
    return f"{said}: {mask(cast.reason)}" if cast.reason else said


def _note(
    conn: Connection,
    request: Request,
    cast: Vote,
    *,
    kind: str,
    why: Why | None = None,
    more: Mapping[str, Json] | None = None,
) -> None:
    data: dict[str, Json] = {"choice": cast.choice, "digest": cast.digest[:64], **(more or {})}
    if cast.reason:
        data["reason"] = mask(cast.reason)
    if why is not None:
        data["why"] = why
    audit.append(
        conn,
        kind=kind,
        actor=cast.person,
        now=cast.at,
        incident_id=request.incident_id,
        request_id=request.id,
        data=data,
    )
