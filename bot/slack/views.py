"""What a message shows, as frozen values: the builders read these and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from bot.core.evidence import Answer, Failure
from bot.engine.origin import Origin
from bot.engine.runbook import Risk
from bot.engine.switch import Kind
from bot.slack.life_views import SilenceView
from bot.slack.policy_views import GoingOnView, PolicyView


class Mood(StrEnum):
    """How an incident stands, for people."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertView:
    """One alert of an incident; `says` is its summary, or the labels that tell it from the others."""

    says: str
    is_firing: bool
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """An action a person may ask for. `caution` is what the runbook says against it now."""

    action: str
    label: str
    is_suggested: bool = False
    caution: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    label: str
    url: str


class Asking(StrEnum):
    """How far the latest diagnosis is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What was concluded: sentences that hold, labels warned against, and what could not be judged.

    `is_concluded` once a diagnosis brought something, `at` that moment; `is_outdated` when an action has run since.
    `asking` is how far the newest diagnosis is.
    """

    asking: Asking
    is_concluded: bool = False
    at: datetime | None = None
    is_outdated: bool = False
    held: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    unanswered: int = 0
    error: str | None = None


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
class SwitchView:
    """A kill switch that is engaged. `title` is what it stops; `does_not_stop` what goes on all the same."""

    name: str
    kind: Kind
    title: str
    system: str | None
    person: str
    reason: str
    since: datetime
    until: datetime
    is_verified: bool = True
    does_not_stop: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IdleSwitch:
    """A business switch that is not engaged, and the action that would engage it."""

    name: str
    title: str
    action: str
    does_not_stop: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchList:
    """Every switch; `without` names the systems that have none, and why."""

    engaged: tuple[SwitchView, ...]
    idle: tuple[IdleSwitch, ...]
    without: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLine:
    """One request of an incident, in a line."""

    label: str
    stage: Stage
    ran_at: datetime | None = None
    needs_review: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RootView:
    """The root message of an incident."""

    incident_id: str
    system: str
    event: str
    title: str
    summary: str
    severity: str
    mood: Mood
    started_at: datetime
    resolved_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    origin: Origin = Origin.ALERTMANAGER
    opened_by: str | None = None
    closed_by: str | None = None
    alerts: tuple[AlertView, ...] = ()
    truncated: int = 0
    findings: Findings | None = None
    reopenings: int = 0
    is_doubted: bool = False  # no alert keeps it open, but that something done for it could not be verified
    told_because: str | None = None  # why Alertmanager says it sent the latest news
    silences: tuple[SilenceView, ...] = ()
    can_silence: bool = False
    switches: tuple[SwitchView, ...] = ()
    requests: tuple[RequestLine, ...] = ()
    offers: tuple[Offer, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question and what came back."""

    id: str
    title: str
    evidence: Answer | Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceView:
    """All evidence of one diagnosis; `number` counts from 1."""

    number: int
    finished_at: datetime
    asked: tuple[Asked, ...]
    not_here: tuple[str, ...] = ()
    not_offered: tuple[str, ...] = ()  # actions of other installations, each with the option it is for
    error: str | None = None
    idle: tuple[str, ...] = ()  # questions that were not asked, for what they build on is not there
    unjudged: tuple[str, ...] = ()  # conditions of conclusions, and why nobody can tell
    stripe_mode: Literal["test", "live"] | None = None  # whose dashboard its ids lead to


@dataclass(frozen=True, kw_only=True, slots=True)
class StepView:
    """A step of a checklist that is done: by whom and when; `skipped` is the number of the step it passed over."""

    person: str
    at: datetime
    skipped: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChecklistView:
    """Steps for a person. With an incident they can be ticked; without one they are only to be read."""

    title: str
    items: tuple[str, ...]
    guide: str | None = None
    incident_id: str | None = None
    is_ordered: bool = False
    done: Mapping[int, StepView] = field(default_factory=dict)  # by number, from 1


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


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckpointView:
    """How the audit stands: the head of what was verified, as SEQ:HASH, and what is wrong with it."""

    day: date
    head: str
    entries: int
    findings: int = 0
    first_finding: str | None = None
