"""Who may vote on a request, and when the votes are enough. Whatever is not known for sure is a no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.ports import Person
from bot.engine.request import Request, State


class Why(StrEnum):
    """Why somebody's vote does not count."""

    UNCERTAIN = "uncertain"  # the directory does not answer, so nobody can tell who they are
    BOT = "bot"
    DELETED = "deleted"
    GUEST = "guest"
    STRANGER = "stranger"  # of another workspace (Slack Connect)
    NO_EMAIL = "no_email"  # without an address an alias of the requester cannot be told
    REQUESTER = "requester"
    ALIAS = "alias"  # another account of the requester
    NOT_IN_GROUP = "not_in_group"
    PREPARING = "preparing"  # there is nothing to vote on yet
    SETTLED = "settled"
    EXPIRED = "expired"
    DIGEST_DIFFERS = "digest_differs"
    ALREADY_VOTED = "already_voted"


@dataclass(frozen=True, slots=True)
class May:
    """Yes."""


@dataclass(frozen=True, slots=True)
class MayNot:
    """No, and why."""

    why: Why


Verdict = May | MayNot


@dataclass(frozen=True, kw_only=True, slots=True)
class Voter:
    """A person, and whether one of the action's approver groups holds them."""

    person: Person
    is_member: bool


class Choice(StrEnum):
    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """One person's answer to one digest."""

    person: str
    choice: Choice
    digest: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Whose approvals count, against how many are needed."""

    approvers: frozenset[str]
    needs: int

    @property
    def is_enough(self) -> bool:
        return len(self.approvers) >= max(self.needs, 1)


def identity(person: Person) -> str | None:
    """What two accounts of one human share: the mailbox, whatever its case or `+tag`."""
    mailbox, at, domain = (person.email or "").strip().casefold().rpartition("@")
    if not (mailbox and at and domain):
        return None
    return f"{mailbox.partition('+')[0]}@{domain}"


def standing(person: Person) -> Why | None:
    """Why this account is nobody's vote; None when it is a full member's."""
    if person.is_deleted:
        return Why.DELETED
    if person.is_bot:
        return Why.BOT
    if person.is_stranger:
        return Why.STRANGER
    if person.is_guest:
        return Why.GUEST
    return None


def eligible(voter: Voter, *, requester: Person) -> Why | None:
    """Why this person is no approver of that requester's requests; None when they are."""
    person = voter.person
    if why := standing(person):
        return why
    if person.id == requester.id:
        return Why.REQUESTER
    if identity(person) is None or identity(requester) is None:
        return Why.NO_EMAIL
    if identity(person) == identity(requester):
        return Why.ALIAS
    return None if voter.is_member else Why.NOT_IN_GROUP


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
    requester: Person,
    votes: Sequence[Vote],
    earlier: Mapping[str, Voter],
    digest: str,
    now: datetime,
) -> Verdict:
    """Whether this approval counts. `earlier` holds, by id, those who voted before; one of them unknown is a no."""
    if why := eligible(voter, requester=requester) or is_open(request, digest=digest, now=now):
        return MayNot(why)
    for vote in votes:
        other = earlier.get(vote.person)
        if other is None:
            return MayNot(Why.UNCERTAIN)
        if voter.person.id == vote.person or identity(voter.person) == identity(other.person):
            return MayNot(Why.ALREADY_VOTED)
    return May()


def may_deny(voter: Voter, *, request: Request, digest: str, now: datetime) -> Verdict:
    """Whether this person may end the request: an approver, or the requester who withdraws it."""
    if why := standing(voter.person):
        return MayNot(why)
    if not voter.is_member and voter.person.id != request.requester:
        return MayNot(Why.NOT_IN_GROUP)
    why = is_open(request, digest=digest, now=now)
    return MayNot(why) if why else May()


def tally(request: Request, *, votes: Sequence[Vote], voters: Mapping[str, Voter], requester: Person) -> Tally:
    """Count distinct people who are approvers now, for this digest; who was deactivated meanwhile does not count."""
    counted: dict[str, str] = {}
    for vote in votes:
        voter = voters.get(vote.person)
        if voter is None or vote.choice is not Choice.APPROVE or vote.digest != request.digest:
            continue
        if eligible(voter, requester=requester):
            continue
        counted.setdefault(str(identity(voter.person)), vote.person)
    return Tally(approvers=frozenset(counted.values()), needs=request.needs)
