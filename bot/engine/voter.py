"""Who somebody is to a request: an account, the human behind it, and whether they may decide at all."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.ports import Person


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
    RESUMER = "resumer"  # whoever asks to go on with a stopped execution does not approve that
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
