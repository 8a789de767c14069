"""A vote in hand, and what speaks against counting it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.desk.answer import Declined, declined
from bot.desk.desk import Desk
from bot.desk.policy import Policy
from bot.engine.approval import Choice, MayNot, Vote, Voter, Why, is_same, may_break_glass, may_deny, may_vote
from bot.engine.request import Request


@dataclass(frozen=True, kw_only=True, slots=True)
class Ballot:
    """One vote in hand, and all that was asked about it before its transaction."""

    cast: Vote
    policy: Policy | None
    known: Mapping[str, Voter]
    asked: frozenset[str]
    resumer: str | None = None  # who asks to go on with the execution, if it is about that


def refused(desk: Desk, request: Request, ballot: Ballot, earlier: tuple[Vote, ...]) -> Declined | None:
    """Why this vote does not count, in words; None when it does."""
    why = objection(desk, request, ballot, earlier)
    if why is Why.NO_PHRASE and ballot.policy is not None:
        phrase = ballot.policy.action.typed_phrase
        return Declined(why=why, say=f"This is severe: type “{phrase}” to approve it. Nothing was done.")
    return declined(why) if why else None


def objection(desk: Desk, request: Request, ballot: Ballot, earlier: tuple[Vote, ...]) -> Why | None:
    """Why this vote does not count; None when it does."""
    cast, known, policy = ballot.cast, ballot.known, ballot.policy
    voter, requester = known.get(cast.person), known.get(request.requester)
    if voter is None or (requester is None and cast.choice is not Choice.DENY):
        return Why.UNCERTAIN
    match cast.choice:
        case Choice.DENY:
            verdict = may_deny(voter, request=request, digest=cast.digest, now=cast.at)
        case Choice.BREAK_GLASS:
            if policy is None or not desk.break_glass or ballot.resumer is not None:
                return Why.NO_BREAK_GLASS
            verdict = may_break_glass(
                voter,
                request=request,
                action=policy.action,
                votes=earlier,
                earlier=known,
                digest=cast.digest,
                now=cast.at,
            )
        case Choice.APPROVE | Choice.ANYWAY:
            assert requester is not None
            verdict = may_vote(
                voter,
                request=request,
                requester=requester,
                votes=earlier,
                earlier=known,
                digest=cast.digest,
                now=cast.at,
            )
    if isinstance(verdict, MayNot):
        return verdict.why
    return _asked_for_it(ballot, voter) or _untyped(desk, ballot)


def _asked_for_it(ballot: Ballot, voter: Voter) -> Why | None:
    """Whoever asks to go on does not approve that, under another account neither."""
    if ballot.resumer is None or ballot.cast.choice is Choice.DENY:
        return None
    resumer = ballot.known.get(ballot.resumer)
    if resumer is None:
        return Why.UNCERTAIN
    return Why.RESUMER if is_same(voter, resumer) else None


def _untyped(desk: Desk, ballot: Ballot) -> Why | None:
    """What else had to be typed for this choice."""
    cast, policy = ballot.cast, ballot.policy
    if cast.choice is Choice.DENY or policy is None:
        return None
    if cast.choice is Choice.BREAK_GLASS and cast.reason is None:
        return Why.NO_REASON
    if policy.action.typed_phrase is not None and not cast.is_typed:
        return Why.NO_PHRASE
    return Why.NO_CODE if desk.wants_code(policy.action) and not cast.is_proven else None
