"""What the desk works with; the app makes it once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from bot.core.ports import Directory
from bot.engine.one_time import Codes, wants_code
from bot.engine.request import Request, Standing
from bot.engine.runbook import Action, Risk, Runbook
from bot.engine.system import System
from bot.store.database import Database
from bot.store.work import Clock, Enqueue, Show


class Contents(Protocol):
    """The content files as they stood at one revision (a Catalog)."""

    @property
    def systems(self) -> Mapping[str, System]: ...

    @property
    def runbooks(self) -> Mapping[str, Runbook]: ...


class Found(StrEnum):
    """What another look at an open request's targets found."""

    SAME = "same"
    DIFFERENT = "different"
    IMPOSSIBLE = "impossible"  # a guard or a limit speaks against it now, or nothing is left to do
    UNREAD = "unread"  # something does not answer; later it may


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What was found, how its alert stands, and in `say` what is different, or why it cannot go on."""

    found: Found
    alert: Standing
    say: str = ""


class LookAgain(Protocol):
    """Reads the targets of an open request afresh. Takes seconds, so no transaction is open meanwhile."""

    def __call__(self, request: Request) -> Look: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """The database and its ports, who people are, and the contents by revision."""

    database: Database
    enqueue: Enqueue
    show: Show
    directory: Directory
    contents: Callable[[str], Contents]  # by revision; raises ContentError when it is not kept
    revision: Callable[[], str]  # of the contents in use now
    look_again: LookAgain
    break_glass: bool  # whether this installation has it at all
    now: Clock
    new_id: Callable[[], str]
    codes: Codes | None = None  # of everybody's authenticator app; without them nobody decides outside Slack
    second_factor: Risk | None = None  # from this risk on a code is asked for in Slack, too
    can_silence: bool = False  # whether an Alertmanager is configured
    oldest_facts: timedelta = timedelta(hours=24)  # how long Slack's last word on somebody is good while it is down

    def wants_code(self, action: Action) -> bool:
        """Whether a vote for this action needs a one-time code: its runbook says so, or the installation by risk."""
        return wants_code(action, second_factor=self.second_factor)
