"""Who may vote on a request, and when the votes are enough. Whatever is not known for sure is a no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.engine.request import Request, Standing, State
from bot.engine.runbook import Action
from bot.engine.tally import (
    IDEMPOTENCY_WINDOW,
    Choice,
    Tally,
    Vote,
    is_carried,
    is_confirmed,
    is_forgotten,
    tally,
)
from bot.engine.voter import Voter, Why, eligible, identity, is_same, standing

__all__ = [
    "IDEMPOTENCY_WINDOW",
    "Choice",
    "May",
    "MayNot",
    "Tally",
    "Verdict",
    "Vote",
    "Voter",
    "Why",
    "calmer",
    "eligible",
    "identity",
    "is_carried",
    "is_confirmed",
    "is_forgotten",
    "is_open",
    "is_phrase",
    "is_same",
    "is_same_text",
    "may_break_glass",
    "may_deny",
    "may_review",
    "may_vote",
    "standing",
    "tally",
]


@dataclass(frozen=True, slots=True)
class May:
    """Yes."""


@dataclass(frozen=True, slots=True)
class MayNot:
    """No, and why."""

    why: Why


Verdict = May | MayNot


def is_open(request: Request, *, digest: str, now: datetime) -> Why | None:
    """Why nobody can vote on this now; None when votes for `digest` are taken."""
    if request.state is State.PREPARING:
        return Why.PREPARING
    if request.state is State.EXPIRED or (request.state is State.OPEN and request.has_expired(now)):
        return Why.EXPIRED
    if request.state is not State.OPEN:
        return Why.SETTLED
    return None if request.digest and digest == request.digest else Why.DIGEST_DIFFERS


def may_vote(
    voter: Voter,
    *,
    request: Request,
    requester: Voter,
    votes: Sequence[Vote],
    earlier: Mapping[str, Voter],
    digest: str,
    now: datetime,
) -> Verdict:
    """Whether this approval counts. `earlier` holds, by id, those who voted before; one of them unknown is a no."""
    if why := eligible(voter, requester=requester) or is_open(request, digest=digest, now=now):
        return MayNot(why)
    why = _voted(voter, votes=votes, earlier=earlier)
    return MayNot(why) if why else May()


def may_break_glass(
    voter: Voter,
    *,
    request: Request,
    action: Action,
    votes: Sequence[Vote],
    earlier: Mapping[str, Voter],
    digest: str,
    now: datetime,
) -> Verdict:
    """Whether this member of the action's approver groups, perhaps the requester, may run it alone."""
    if not action.break_glass:
        return MayNot(Why.NO_BREAK_GLASS)
    if why := standing(voter.person):
        return MayNot(why)
    if identity(voter.person) is None:
        return MayNot(Why.NO_EMAIL)  # nobody could tell later whether the reviewer is somebody else
    if not voter.is_member:
        return MayNot(Why.NOT_IN_GROUP)
    if why := is_open(request, digest=digest, now=now) or _voted(voter, votes=votes, earlier=earlier):
        return MayNot(why)
    # A soft limit asks for more people than usual; one alone is fewer.
    return MayNot(Why.TOO_MUCH_ALONE) if request.is_large else May()


def may_review(reviewer: Voter, *, requester: Voter, breaker: Voter) -> Verdict:
    """Whether this person may countersign what was done by break-glass: an approver who is neither of the two."""
    if is_same(reviewer, breaker):
        return MayNot(Why.OWN_BREAK_GLASS)
    why = eligible(reviewer, requester=requester)
    return MayNot(why) if why else May()


def _voted(voter: Voter, *, votes: Sequence[Vote], earlier: Mapping[str, Voter]) -> Why | None:
    for vote in votes:
        other = earlier.get(vote.person)
        if other is None:
            return Why.UNCERTAIN
        if is_same(voter, other):
            return Why.ALREADY_VOTED
    return None


def may_deny(voter: Voter, *, request: Request, digest: str, now: datetime) -> Verdict:
    """Whether this person may end the request: an approver, or the requester who withdraws it."""
    if why := standing(voter.person):
        return MayNot(why)
    if not voter.is_member and voter.person.id != request.requester:
        return MayNot(Why.NOT_IN_GROUP)
    why = is_open(request, digest=digest, now=now)
    return MayNot(why) if why else May()


def calmer(request: Request, now: Standing) -> Why | None:
    """What has happened to the alert since the preview was made, if it speaks against going on unasked."""
    then = request.preview.alert if request.preview else Standing.FIRING
    if now is then or then is Standing.RESOLVED:
        return None
    match now:
        case Standing.RESOLVED:
            return Why.ALERT_RESOLVED
        case Standing.SILENCED:
            return Why.ALERT_SILENCED
        case Standing.FIRING | Standing.UNKNOWN:
            return None


def is_phrase(action: Action, typed: str | None) -> bool:
    """Whether this is what must be typed, whatever its case and spacing; always where nothing must be."""
    wanted = action.typed_phrase
    return wanted is None or is_same_text(typed or "", wanted)


def is_same_text(typed: str, wanted: str) -> bool:
    """Whether somebody typed this, whatever its case and spacing.

    >>> is_same_text(" cancel  ALL of them", "Cancel all of them")
    True
    """
    return _letters(typed) == _letters(wanted)


def _letters(text: str) -> str:
    return " ".join(text.split()).casefold()
