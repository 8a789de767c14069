"""What a message shows, as frozen values: the builders read these and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from bot.core.evidence import Answer, Failure
from bot.engine.origin import Origin
from bot.slack.card_views import Offer, Stage
from bot.slack.life_views import SilenceView
from bot.slack.switch_views import SwitchView


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
class CheckpointView:
    """How the audit stands: the head of what was verified, as SEQ:HASH, and what is wrong with it."""

    day: date
    head: str
    entries: int
    findings: int = 0
    first_finding: str | None = None
