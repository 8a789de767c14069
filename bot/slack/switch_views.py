"""What is shown of kill switches, as frozen values."""

from dataclasses import dataclass
from datetime import datetime

from bot.engine.switch import Kind


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
