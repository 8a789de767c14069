"""Who may vote on a request, and when the votes are enough. Whatever is not known for sure is a no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.ports import Person
from bot.engine.request import Request, Standing, State
from bot.engine.runbook import Action, Risk

IDEMPOTENCY_WINDOW = timedelta(hours=23)
"""Stripe forgets an idempotency key after a day: an older approval could no longer be kept to one effect."""


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
    NO_PHRASE = "no_phrase"  # what must be typed was not, or differently
    NO_CODE = "no_code"  # this installation asks for a one-time code with votes on actions this grave
    NO_REASON = "no_reason"
    ALERT_RESOLVED = "alert_resolved"  # since it was asked: they must confirm that it is wanted all the same
    ALERT_SILENCED = "alert_silenced"
    TARGETS_CHANGED = "targets_changed"  # a new request with a new preview has taken its place
    UNREADABLE = "unreadable"  # what it would touch cannot be read now
    NOT_POSSIBLE = "not_possible"  # a guard, or a limit, speaks against it now
    OUTSIDE_HOURS = "outside_hours"
    COOLING_DOWN = "cooling_down"
    TOO_OFTEN = "too_often"
    NO_BREAK_GLASS = "no_break_glass"  # this action, or this installation, does not have it
    TOO_MUCH_ALONE = "too_much_alone"  # beyond a soft limit: break-glass does not go there
    NOT_BROKEN = "not_broken"  # nobody broke the glass, so there is nothing to review
    REVIEWED = "reviewed"
    OWN_BREAK_GLASS = "own_break_glass"  # whoever broke the glass is not who reviews it


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
    """A person, whether one of the action's approver groups holds them, and who they are by the rules file.

    `human` is their name under identities, `mailboxes` are those of their other accounts there.
    """

    person: Person
    is_member: bool
    human: str | None = None
    mailboxes: frozenset[str] = frozenset()

    @property
    def all_mailboxes(self) -> frozenset[str]:
        own = identity(self.person)
        return self.mailboxes | {own} if own else self.mailboxes


class Choice(StrEnum):
    APPROVE = "approve"
    ANYWAY = "approve_anyway"  # although the alert has resolved, or is silenced
    BREAK_GLASS = "break_glass"  # alone, for now; somebody else reviews it
    DENY = "deny"

    @property
    def is_approval(self) -> bool:
        """Whether it is one of the approvals that are counted."""
        return self in {Choice.APPROVE, Choice.ANYWAY}


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """One person's answer to one digest; `is_typed` when they typed the action's phrase."""

    person: str
    choice: Choice
    digest: str
    reason: str | None
    at: datetime
    is_typed: bool = False


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


def is_same(one: Voter, other: Voter) -> bool:
    """Whether two accounts are one human's: the same, of one mailbox, or of one name under identities."""
    if one.person.id == other.person.id or (one.human is not None and one.human == other.human):
        return True
    return bool(one.all_mailboxes & other.all_mailboxes)


def eligible(voter: Voter, *, requester: Voter) -> Why | None:
    """Why this person is no approver of that requester's requests; None when they are."""
    if why := standing(voter.person):
        return why
    if voter.person.id == requester.person.id:
        return Why.REQUESTER
    if identity(voter.person) is None or identity(requester.person) is None:
        return Why.NO_EMAIL
    if is_same(voter, requester):
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


def tally(request: Request, *, votes: Sequence[Vote], voters: Mapping[str, Voter], requester: Voter) -> Tally:
    """Count distinct people who are approvers now, for this digest; who was deactivated meanwhile does not count."""
    counted: list[Voter] = []
    for vote in votes:
        voter = voters.get(vote.person)
        if voter is None or not vote.choice.is_approval or vote.digest != request.digest:
            continue
        if eligible(voter, requester=requester) or any(is_same(voter, other) for other in counted):
            continue
        counted.append(voter)
    return Tally(approvers=frozenset(voter.person.id for voter in counted), needs=request.needs)


def is_carried(request: Request, votes: Sequence[Vote], *, action: Action, needs: int, break_glass: bool) -> bool:
    """Whether the votes that are kept carry this request; `break_glass` says whether this installation has it.

    Who they are was judged when they voted; here only what the rows say: a state that somebody set approves nothing.
    """
    cast = [vote for vote in votes if vote.digest == request.digest]
    if action.risk is Risk.SEVERE:
        cast = [vote for vote in cast if vote.is_typed]
    if break_glass and action.break_glass and any(vote.choice is Choice.BREAK_GLASS for vote in cast):
        return True
    return len({vote.person for vote in cast if vote.choice.is_approval and vote.person != request.requester}) >= needs


def is_forgotten(action: Action, votes: Sequence[Vote], now: datetime) -> bool:
    """Whether the first approval is so old that Stripe may have forgotten the keys that keep it to one effect."""
    given = [vote.at for vote in votes if vote.choice is not Choice.DENY]
    return action.sends_to_stripe and bool(given) and now - min(given) >= IDEMPOTENCY_WINDOW


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


def is_confirmed(votes: Sequence[Vote]) -> bool:
    """Whether the last who decided knew that the alert had calmed down."""
    given = [vote for vote in votes if vote.choice is not Choice.DENY]
    return bool(given) and max(given, key=lambda vote: vote.at).choice is not Choice.APPROVE


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
