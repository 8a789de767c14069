"""Voting: an approval or a denial of one digest, by somebody who may, written in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.ports import Json
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.ballot import Ballot, objection, refused
from bot.desk.desk import Desk, Look
from bot.desk.looking import speaks_against
from bot.desk.people import voters
from bot.desk.policy import policy_of
from bot.desk.telling import note
from bot.engine.approval import Choice, Vote, Why, is_phrase, tally
from bot.engine.request import Request, State
from bot.store import audit, orders, requests

_TRIES = 5  # in each, somebody else voted between the look at the directory and the transaction
_LONGEST_REASON = 1000


def vote(
    desk: Desk,
    *,
    person: str,
    request_id: str,
    digest: str,
    reason: str | None = None,
    typed: str | None = None,
    anyway: bool = False,
    is_proven: bool = False,
) -> Done | Declined:
    """Approve what `digest` stands for. The vote that is enough orders the execution in its own transaction.

    `typed` is the phrase of a severe action; `anyway` says that the person knows the alert has calmed down;
    `is_proven` that they gave a one-time code just now.
    """
    choice = Choice.ANYWAY if anyway else Choice.APPROVE
    wish = _Wish(person=person, request_id=request_id, digest=digest, choice=choice, reason=reason, typed=typed)
    return _decide(desk, replace(wish, is_proven=is_proven))


def deny(desk: Desk, *, person: str, request_id: str, digest: str, reason: str | None = None) -> Done | Declined:
    """End the request: an approver says no, or the requester withdraws it."""
    wish = _Wish(person=person, request_id=request_id, digest=digest, choice=Choice.DENY, reason=reason)
    return _decide(desk, wish)


def break_glass(
    desk: Desk,
    *,
    person: str,
    request_id: str,
    digest: str,
    reason: str | None,
    typed: str | None = None,
    is_proven: bool = False,
) -> Done | Declined:
    """Run it alone: for a member of its approver groups, perhaps the requester, where the action has break-glass.

    It is said in the channel, and stays marked until somebody else has reviewed it.
    """
    choice = Choice.BREAK_GLASS
    wish = _Wish(person=person, request_id=request_id, digest=digest, choice=choice, reason=reason, typed=typed)
    return _decide(desk, replace(wish, is_proven=is_proven))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """What somebody pressed, and what they typed."""

    person: str
    request_id: str
    digest: str
    choice: Choice
    reason: str | None = None
    typed: str | None = None
    is_proven: bool = False


def _decide(desk: Desk, wish: _Wish) -> Done | Declined:
    for _ in range(_TRIES):
        with desk.database.read() as conn:
            request = requests.get(conn, wish.request_id)
            earlier = requests.votes_of(conn, wish.request_id)
        if request is None:
            return _not_there(desk, wish)
        # The directory and the target may be slow, so they are asked before the transaction and not in it.
        ballot = _ballot(desk, wish, request, earlier)
        look = None
        if wish.choice is not Choice.DENY and objection(desk, request, ballot, earlier) is None:
            look = desk.look_again(request)
        with desk.database.begin() as conn:
            told = _record(desk, conn, wish.request_id, _as_of_now(ballot, desk), look)
        if told is not None:
            return told
    return declined(Why.UNCERTAIN)


def _ballot(desk: Desk, wish: _Wish, request: Request, earlier: tuple[Vote, ...]) -> Ballot:
    policy = policy_of(desk, request)
    asked = frozenset({wish.person, request.requester, *(each.person for each in earlier)})
    # The requester is nobody's approver, unless they break the glass.
    no_member = {request.requester} - ({wish.person} if wish.choice is Choice.BREAK_GLASS else set())
    known = voters(
        desk.directory,
        asked,
        policy.groups if policy else (),
        system=policy.system if policy else None,
        no_member=no_member,
    )
    cast = Vote(
        person=wish.person,
        choice=wish.choice,
        digest=wish.digest,
        reason=(wish.reason or "").strip()[:_LONGEST_REASON] or None,
        at=desk.now(),
        is_typed=wish.typed is not None and policy is not None and is_phrase(policy.action, wish.typed),
    )
    return Ballot(cast=cast, policy=policy, known=known, asked=asked, is_proven=wish.is_proven)


def _as_of_now(ballot: Ballot, desk: Desk) -> Ballot:
    """The ballot as of now: what was asked before the transaction took its time."""
    return replace(ballot, cast=replace(ballot.cast, at=desk.now()))


def _record(desk: Desk, conn: Connection, request_id: str, ballot: Ballot, look: Look | None) -> Done | Declined | None:
    """Write the vote down, or why not; None when something changed since that was not asked about."""
    request = requests.locked(conn, request_id)
    assert request is not None  # requests are never deleted
    earlier, cast = requests.votes_of(conn, request_id), ballot.cast
    if not {each.person for each in earlier} <= ballot.asked:
        return None
    no = refused(desk, request, ballot, earlier)
    if no is None and cast.choice is not Choice.DENY:
        if look is None:
            return None
        assert ballot.policy is not None
        no = speaks_against(desk, conn, request, cast=cast, policy=ballot.policy, look=look)
    if no is None and not requests.add_vote(conn, request_id, cast):
        no = declined(Why.ALREADY_VOTED)
    if no is not None:
        _note(conn, request, cast, kind="request.vote_refused", more={"why": no.why, "say": no.say})
        return no
    _note(conn, request, cast, kind="request.voted", more={"alert": look.alert} if look else {})
    _follow(desk, conn, request, ballot, votes=(*earlier, cast))
    desk.show.request(conn, request_id, cast.at)
    return Done(id=request_id)


def _follow(desk: Desk, conn: Connection, request: Request, ballot: Ballot, *, votes: tuple[Vote, ...]) -> None:
    """What a vote that was written down brings about."""
    cast = ballot.cast
    match cast.choice:
        case Choice.DENY:
            requests.move(conn, request.id, to=State.DENIED, now=cast.at, note=_denied_by(cast, request))
            _note(conn, request, cast, kind="request.denied")
        case Choice.APPROVE | Choice.ANYWAY:
            counted = tally(request, votes=votes, voters=ballot.known, requester=ballot.known[request.requester])
            if counted.is_enough:
                more: dict[str, Json] = {"approvers": sorted(counted.approvers), "needs": counted.needs}
                _let_go(desk, conn, request, cast, kind="request.approved", more=more)
        case Choice.BREAK_GLASS:
            _let_go(desk, conn, request, cast, kind="request.glass_broken", more={"needs": request.needs})


def _let_go(desk: Desk, conn: Connection, request: Request, cast: Vote, *, kind: str, more: Mapping[str, Json]) -> None:
    requests.move(conn, request.id, to=State.APPROVED, now=cast.at)
    desk.enqueue(conn, orders.execute(request.id))
    _note(conn, request, cast, kind=kind, more=more)


def _not_there(desk: Desk, wish: _Wish) -> Declined:
    no = Declined(why=Cause.NOT_FOUND, say="There is no such request.")
    with desk.database.begin() as conn:
        data: dict[str, Json] = {"choice": wish.choice, "why": no.why, "request": wish.request_id[:64]}
        audit.append(conn, kind="request.vote_refused", actor=wish.person, now=desk.now(), data=data)
    return no


def _denied_by(cast: Vote, request: Request) -> str:
    said = "withdrawn by the requester" if cast.person == request.requester else "denied"
    return f"{said}: {mask(cast.reason)}" if cast.reason else said


def _note(conn: Connection, request: Request, cast: Vote, *, kind: str, more: Mapping[str, Json] | None = None) -> None:
    data: dict[str, Json] = {"choice": cast.choice, "digest": cast.digest[:64], **(more or {})}
    if cast.reason:
        data["reason"] = mask(cast.reason)
    if cast.is_typed:
        data["typed"] = True
    note(conn, request, kind=kind, now=cast.at, data=data, actor=cast.person)
