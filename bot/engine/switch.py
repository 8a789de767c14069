"""A kill switch: what it stops, since when, until when somebody must be reminded that it is engaged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bot.engine.runbook import Action, Runbook
from bot.engine.system import BusinessSwitch, System

BOT = "bot"
"""The switch that stops every action of ours; `bot:` and a system, or an action, stops just those."""

DEFAULT_TTL = timedelta(hours=4)
LONGEST_TTL = timedelta(days=30)
_WARN_BEFORE = timedelta(minutes=15)


class Kind(StrEnum):
    """A bot switch stops our own actions; a business switch stops what a billing system does to customers."""

    BOT = "bot"
    BUSINESS = "business"


class Reminder(IntEnum):
    """What to remind of, in this order; the number is how many reminders have been said once it is."""

    SOON = 1  # its time is nearly up
    OVER = 2  # its time is up, and it is still engaged: nothing releases it but a person


@dataclass(frozen=True, kw_only=True, slots=True)
class Switch:
    """One engagement of a switch, as its row says it.

    `scope` is the request whose execution engaged it, and empty for a bot switch. `system` is None where it is about
    every system. `is_verified` is False while the check of the execution that engaged it has not held.
    """

    id: str
    name: str
    kind: Kind
    scope: str
    system: str | None
    person: str
    reason: str
    since: datetime
    until: datetime
    is_verified: bool
    reminders: int
    released_at: datetime | None
    released_by: str | None
    release_reason: str | None

    @property
    def is_engaged(self) -> bool:
        return self.released_at is None

    def reminder(self, now: datetime) -> Reminder | None:
        """The reminder that is due; None when none is. One that was missed is not said after the later one."""
        if not self.is_engaged or self.reminders >= Reminder.OVER:
            return None
        if now >= self.until:
            return Reminder.OVER
        warn_at = self.until - min(_WARN_BEFORE, (self.until - self.since) / 2)
        return Reminder.SOON if now >= warn_at and self.reminders < Reminder.SOON else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """A business switch as the rules file declares it; `name` is `<system>/<switch>`."""

    name: str
    says: BusinessSwitch


def stopping(*, system: str, runbook: str, action: str) -> tuple[str, ...]:
    """The names of the bot switches that stop this action, the widest first."""
    return (BOT, f"{BOT}:{system}", f"{BOT}:{runbook}/{action}")


def scope_of(name: str, *, systems: Mapping[str, System], runbooks: Mapping[str, Runbook]) -> Iterator[str]:
    """The systems that a bot switch is about; nothing when there is no such switch."""
    kind, _, what = name.partition(":")
    if kind != BOT:
        return
    if not what and name == BOT:
        yield from systems
    elif what in systems:
        yield what
    elif (found := _action(what, runbooks)) is not None:
        yield found


def _action(what: str, runbooks: Mapping[str, Runbook]) -> str | None:
    runbook, _, action = what.rpartition("/")
    held = runbooks.get(runbook)
    return runbook.partition("/")[0] if held and held.action(action) else None


def declared(system: System) -> tuple[Declared, ...]:
    """The system's business switches."""
    return tuple(Declared(name=f"{system.system}/{name}", says=says) for name, says in system.switches.items())


def engaged_by(system: System, *, runbook: str, action: str) -> Declared | None:
    """The business switch that this action engages."""
    name = f"{runbook}/{action}"
    return next((each for each in declared(system) if name in (each.says.engage, *each.says.engaged_also_by)), None)


def released_by(system: System, *, runbook: str, action: str) -> tuple[Declared, ...]:
    """The business switches that this action releases."""
    name = f"{runbook}/{action}"
    return tuple(each for each in declared(system) if name in (each.says.release, *each.says.released_also_by))


def releases_just_one(action: Action) -> bool:
    """An action that takes back what another one did releases that engagement; any other ends them all."""
    return action.is_undo_only
