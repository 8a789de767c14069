"""What the jobs of a request work with; the app makes it once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from bot.core.ports import Alerting, Resources, Silencer, Silences
from bot.engine.one_time import wants_code
from bot.engine.runbook import Action, Risk, Runbook
from bot.engine.system import System
from bot.jobs.incidents.asking import Asker
from bot.store.database import Database
from bot.store.work import Clock, Enqueue, Show


class Contents(Protocol):
    """The content files as they stood at one revision (a Catalog)."""

    @property
    def systems(self) -> Mapping[str, System]: ...

    @property
    def runbooks(self) -> Mapping[str, Runbook]: ...


class IsAlive(Protocol):
    """Whether the process of this incarnation still beats."""

    def __call__(self, conn: Connection, incarnation: str, now: datetime) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """The database and its ports, the contents by revision, the outside, and who this process is."""

    database: Database
    enqueue: Enqueue
    show: Show
    contents: Callable[[str], Contents]  # by revision; raises ContentError when it is not kept
    resources: Callable[[System], Resources]
    asker: Asker
    is_alive: IsAlive
    replica: str
    incarnation: str
    silences: Silences | None  # None where no Alertmanager is configured
    break_glass: bool  # whether this installation has it at all
    now: Clock
    new_id: Callable[[], str]
    alerting: Alerting | None = None  # the same Alertmanager, asked what it has
    silencer: Silencer | None = None  # the same Alertmanager, told to silence
    second_factor: Risk | None = None  # from this risk on a vote counts only with a one-time code
    look_up_after: timedelta = timedelta(seconds=10)  # so long a call without an answer may still arrive at its target

    def wants_code(self, action: Action) -> bool:
        """Whether votes for this action count only with a one-time code."""
        return wants_code(action, second_factor=self.second_factor)
