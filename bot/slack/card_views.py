"""What the card of a request shows, as frozen values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.evidence import Answer, Failure
from bot.engine.runbook import Risk
from bot.slack.policy_views import GoingOnView, PolicyView
from bot.slack.switch_views import SwitchView


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """An action a person may ask for. `caution` is what the runbook says against it now."""

    action: str
    label: str
    is_suggested: bool = False
    caution: str | None = None


class Stage(StrEnum):
    """How far a request is, from the first click to the check of its effect."""

    PREPARING = "preparing"
    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    RUNNING = "running"
    VERIFYING = "verifying"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"


@dataclass(frozen=True, kw_only=True, slots=True)
class VoteView:
    person: str
    is_approval: bool
    at: datetime
    reason: str | None = None
    is_anyway: bool = False  # although the alert had calmed down
    is_alone: bool = False  # by break-glass


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """What the request would touch: how many, the first of them, sums such as `EUR 12.00`, and the oldest moment.

    `details` is what else is known of a single one, by column. `ahead` names the column where the oldest moment is yet
    to come. `left_out` says what is not among them, and why: `already paid` and how many.
    """

    count: int
    sample: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    oldest: datetime | None = None
    ahead: str | None = None
    left_out: tuple[str, ...] = ()


class Phase(StrEnum):
    """What an execution of many calls is doing."""

    CALLS = "calls"  # one after the other, without batches
    CANARY = "canary"
    BATCH = "batch"
    CHECKING = "checking"


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far an execution of many calls is; `batch` of `batches` counts the canary as the first."""

    done: int
    total: int
    phase: Phase = Phase.CALLS
    batch: int = 1
    batches: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CardView:
    """One request, as its card says it."""

    request_id: str
    label: str
    about: str | None
    risk: Risk
    stage: Stage
    requester: str
    requested_at: datetime
    reason: str | None = None
    inputs: tuple[tuple[str, str], ...] = ()
    touched: Touched | None = None
    preview_says: str | None = None
    preview: Answer | Failure | None = None
    calls: tuple[str, ...] = ()
    digest: str | None = None
    needs: int = 1
    approvers: tuple[str, ...] = ()
    votes: tuple[VoteView, ...] = ()
    expires_at: datetime | None = None
    settled_at: datetime | None = None
    note: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: str | None = None
    verifies: str | None = None
    goal: str | None = None
    undoes: str | None = None
    is_reversible: bool = False
    progress: Progress | None = None
    can_stop: bool = False
    stopped_by: str | None = None
    can_resume: bool = False
    going_on: GoingOnView | None = None
    can_settle: bool = False
    verify_until: datetime | None = None
    verified_at: datetime | None = None
    undo: Offer | None = None
    policy: PolicyView = field(default_factory=PolicyView)
    held_by: SwitchView | None = None
    does_not_stop: str | None = None
