"""What a card shows of the policy that its request is under, and of what was done around it."""

from dataclasses import dataclass
from datetime import datetime

from bot.engine.request import Standing
from bot.engine.resumption import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """Somebody ran it alone, and why; `asks` are the people and groups (`U…`, `S…`) that are called to review it."""

    person: str
    at: datetime
    reason: str
    asks: tuple[str, ...] = ()
    reviewer: str | None = None
    reviewed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GoingOnView:
    """Somebody asked that the rest of an execution goes on; `passed` are targets whose calls failed."""

    state: State
    person: str
    at: datetime
    reason: str
    left: int
    done: int
    passed: tuple[str, ...] = ()
    settled_at: datetime | None = None
    note: str | None = None
    approvers: tuple[str, ...] = ()  # of the whole, before


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyView:
    """`calmed` is how the alert stands if that must be confirmed; `unusual` asks for one approver more."""

    wants_phrase: bool = False
    calmed: Standing | None = None
    is_alert_unknown: bool = False
    unusual: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    may_break_glass: bool = False
    broken: Broken | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenView:
    """The message in the channel that says somebody ran an action alone."""

    request_id: str
    label: str
    title: str
    risk: str
    broken: Broken


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproveView:
    """The form before a vote that needs something typed. `subject` comes back with it."""

    subject: str
    label: str
    phrase: str | None
    is_alone: bool = False
    wants_code: bool = False  # of the person's authenticator app
