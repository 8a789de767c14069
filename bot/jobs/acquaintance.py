"""Keeps up with who may approve, while Slack answers: so that it is known when Slack is down."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.errors import NotVouched, Unavailable
from bot.core.ports import Directory
from bot.engine.system import Group, System
from bot.store import known
from bot.store.database import Database
from bot.store.work import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")

_FRESH = timedelta(hours=1)
_AT_ONCE = 20  # people asked about in one go, well below what Slack allows in a minute


class Acquaintance:
    """Asks about each approver group and its people once an hour; the directory keeps what it is told."""

    def __init__(
        self, *, database: Database, directory: Directory, systems: Callable[[], Mapping[str, System]], now: Clock
    ) -> None:
        self._database = database
        self._directory = directory
        self._systems = systems
        self._now = now

    def __call__(self) -> None:
        """Ask about those whose facts are older than an hour; what one replica was told, the others need not ask."""
        groups = [group for system in self._systems().values() for group in system.approvers.values()]
        try:
            stale = sorted({each for group in groups for each in self._people(group)} - self._fresh_people())
            for person in stale[:_AT_ONCE]:
                self._ask(person, self._directory.person)
        except Unavailable as error:
            log.info("people.not_reached", extra={"error": str(error)})

    def _people(self, group: Group) -> Iterator[str]:
        yield from group.users
        if group.usergroup is None:
            return
        with self._database.read() as conn:
            kept = known.members(conn, group.usergroup)
        if kept is not None and self._is_fresh(kept[1]):
            yield from kept[0]
        else:
            yield from self._ask(group.usergroup, self._directory.members) or ()

    def _fresh_people(self) -> set[str]:
        with self._database.read() as conn:
            return {each for each, said_at in known.said(conn).items() if self._is_fresh(said_at)}

    def _ask(self, id_: str, ask: Callable[[str], T]) -> T | None:
        try:
            return ask(id_)
        except NotVouched as error:  # one who is not there keeps nobody else from being asked about
            log.warning("people.unknown", extra={"id": id_, "error": str(error)})
            return None

    def _is_fresh(self, said_at: datetime) -> bool:
        return self._now() - said_at < _FRESH
