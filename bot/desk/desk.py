"""What the desk works with; the app makes it once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.core.ports import Directory
from bot.engine.runbook import Runbook
from bot.engine.system import System
from bot.store.database import Database
from bot.store.work import Clock, Enqueue, Show


class Contents(Protocol):
    """The content files as they stood at one revision (a Catalog)."""

    @property
    def systems(self) -> Mapping[str, System]: ...

    @property
    def runbooks(self) -> Mapping[str, Runbook]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """The database and its ports, who people are, and the contents by revision."""

    database: Database
    enqueue: Enqueue
    show: Show
    directory: Directory
    contents: Callable[[str], Contents]  # by revision; raises ContentError when it is not kept
    revision: Callable[[], str]  # of the contents in use now
    now: Clock
    new_id: Callable[[], str]
