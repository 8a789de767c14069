"""Voting: an approval or a denial of one digest, by somebody who may, written in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.ports import Json
from bot.desk import matter as matters
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.ballot import Ballot, objection, refused
from bot.desk.desk import Desk, Look
from bot.desk.looking import speaks_against
from bot.desk.matter import Matter, add_vote, let_go, matter_of
from bot.desk.people import voters
from bot.desk.policy import policy_of
from bot.desk.telling import note
from bot.engine.approval import Choice, Vote, Why, is_phrase, tally
from bot.engine.request import Request
from bot.store import audit, requests

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
            matter = matter_of(conn, request) if request else None
        if matter is None:
            return _not_there(desk, wish)
        # The directory and the target may be slow, so they are asked before the transaction and not in it.
        ballot = _ballot(desk, wish, matter)
        look = None
        if wish.choice is not Choice.DENY and objection(desk, matter.request, ballot, matter.votes) is None:
            look = desk.look_again(matter.request)
        with desk.database.begin() as conn:
            told = _record(desk, conn, wish.request_id, _as_of_now(ballot, desk), look)
        if told is not None:
            return told
    return declined(Why.UNCERTAIN)


def _ballot(desk: Desk, wish: _Wish, matter: Matter) -> Ballot:
    request, policy = matter.request, policy_of(desk, matter.request)
    resumer = frozenset({matter.resumer} if matter.resumer else ())
    asked = frozenset({wish.person, request.requester, *resumer, *(each.person for each in matter.votes)})
    # The requester is nobody's approver, unless they break the glass.
    no_member = {request.requester, *(resumer - {wish.person})}
    if wish.choice is Choice.BREAK_GLASS:
        no_member -= {wish.person}
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
        is_proven=wish.is_proven,
    )
    return Ballot(cast=cast, policy=policy, known=known, asked=asked, resumer=matter.resumer)


def _as_of_now(ballot: Ballot, desk: Desk) -> Ballot:
    """The ballot as of now: what was asked before the transaction took its time."""
    return replace(ballot, cast=replace(ballot.cast, at=desk.now()))


def _record(desk: Desk, conn: Connection, request_id: str, ballot: Ballot, look: Look | None) -> Done | Declined | None:
    """Write the vote down, or why not; None when something changed since that was not asked about."""
    request = requests.locked(conn, request_id)
    assert request is not None  # requests are never deleted
    matter, cast = matter_of(conn, request), ballot.cast
    if matter.resumer != ballot.resumer or not {each.person for each in matter.votes} <= ballot.asked:
        return None
    no = refused(desk, matter.request, ballot, matter.votes)
    if no is None and cast.choice is not Choice.DENY:
        if look is None:
            return None
        assert ballot.policy is not None
        no = speaks_against(desk, conn, matter, cast=cast, policy=ballot.policy, look=look)
    if no is None and not add_vote(conn, matter, cast):
        no = declined(Why.ALREADY_VOTED)
    if no is not None:
        _note(conn, matter, cast, kind="vote_refused", more={"why": no.why, "say": no.say})
        return no
    _note(conn, matter, cast, kind="voted", more={"alert": look.alert} if look else {})
    _follow(desk, conn, matter, ballot)
    desk.show.request(conn, request_id, cast.at)
    return Done(id=request_id)


def _follow(desk: Desk, conn: Connection, matter: Matter, ballot: Ballot) -> None:
    """What a vote that was written down brings about."""
    request, cast = matter.request, ballot.cast
    match cast.choice:
        case Choice.DENY:
            matters.deny(conn, matter, note=_denied_by(cast, request), now=cast.at)
            _note(conn, matter, cast, kind="denied")
        case Choice.APPROVE | Choice.ANYWAY:
            votes, requester = (*matter.votes, cast), ballot.known[request.requester]
            counted = tally(request, votes=votes, voters=ballot.known, requester=requester)
            if counted.is_enough:
                more: dict[str, Json] = {"approvers": sorted(counted.approvers), "needs": counted.needs}
                _let_go(desk, conn, matter, cast, kind="approved", more=more)
        case Choice.BREAK_GLASS:
            _let_go(desk, conn, matter, cast, kind="glass_broken", more={"needs": request.needs})


def _let_go(desk: Desk, conn: Connection, matter: Matter, cast: Vote, *, kind: str, more: Mapping[str, Json]) -> None:
    let_go(desk, conn, matter, now=cast.at)
    _note(conn, matter, cast, kind=kind, more=more)


def _not_there(desk: Desk, wish: _Wish) -> Declined:
    no = Declined(why=Cause.NOT_FOUND, say="There is no such request.")
    with desk.database.begin() as conn:
        data: dict[str, Json] = {"choice": wish.choice, "why": no.why, "request": wish.request_id[:64]}
        audit.append(conn, kind="request.vote_refused", actor=wish.person, now=desk.now(), data=data)
    return no


def _denied_by(cast: Vote, request: Request) -> str:
    said = "withdrawn by the requester" if cast.person == request.requester else "denied"
    return f"{said}: {mask(cast.reason)}" if cast.reason else said


def _note(conn: Connection, matter: Matter, cast: Vote, *, kind: str, more: Mapping[str, Json] | None = None) -> None:
    data: dict[str, Json] = {"choice": cast.choice, "digest": cast.digest[:64], **(more or {})}
    if matter.resumption is not None:
        data["number"] = matter.resumption.number
    if cast.reason:
        data["reason"] = mask(cast.reason)
    if cast.is_typed:
        data["typed"] = True
    if cast.choice is not Choice.DENY:
        data["one_time_code"] = cast.is_proven
    note(conn, matter.request, kind=f"{matter.name}.{kind}", now=cast.at, data=data, actor=cast.person)
