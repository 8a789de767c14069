"""Who people are when Slack is down: what it said last, while that is young enough, and never instead of a no."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from bot.core.errors import NotVouched, Unavailable
from bot.core.ports import Directory, Person
from bot.store import known
from bot.store.database import Database
from bot.store.work import Clock

KEEP_EVERY = timedelta(minutes=10)  # how old what is kept may grow while Slack answers, unless it changes

T = TypeVar("T")


class Remembering:
    """A directory that keeps what it was told; whatever it cannot say is as unknown as before."""

    def __init__(self, directory: Directory, *, database: Database, now: Clock) -> None:
        self._directory = directory
        self._database = database
        self._now = now

    def person(self, user_id: str) -> Person:
        """A member by id, as the directory says now."""
        told = self._told(user_id, self._directory.person)
        self._keep(
            lambda conn: known.person(conn, user_id),
            told,
            lambda conn: known.keep_person(conn, told, self._now()),
        )
        return told

    def members(self, usergroup_id: str) -> frozenset[str]:
        """The members of a usergroup, as the directory says now."""
        told = self._told(usergroup_id, self._directory.members)
        self._keep(
            lambda conn: known.members(conn, usergroup_id),
            told,
            lambda conn: known.keep_members(conn, usergroup_id, told, self._now()),
        )
        return told

    def _told(self, id_: str, ask: Callable[[str], T]) -> T:
        try:
            return ask(id_)
        except NotVouched as error:
            if error.is_gone:
                with self._database.begin() as conn:
                    known.forget(conn, id_)
            raise

    def _keep(
        self,
        kept: Callable[[Connection], tuple[T, datetime] | None],
        told: T,
        keep: Callable[[Connection], None],
    ) -> None:
        with self._database.read() as conn:
            before = kept(conn)
        if before is not None and before[0] == told and self._now() - before[1] < KEEP_EVERY:
            return
        with self._database.begin() as conn:
            keep(conn)


class Recalling:
    """For one decision outside Slack: asks first, and takes what was kept when nothing can be reached.

    `recalled` says, by id, when each fact was told that was taken so. Made anew for each decision, for once it has
    found that nothing answers it asks no more.
    """

    def __init__(self, directory: Directory, *, database: Database, now: Clock, oldest: timedelta) -> None:
        self._directory = directory
        self._database = database
        self._now = now
        self._oldest = oldest
        self._down: Unavailable | None = None
        self.recalled: dict[str, datetime] = {}

    def person(self, user_id: str) -> Person:
        """A member by id. Raises Unavailable when what is known of them is too old, or nothing is."""
        return self._asked(user_id, self._directory.person, known.person)

    def members(self, usergroup_id: str) -> frozenset[str]:
        """The members of a usergroup. Raises Unavailable when what is known of it is too old, or nothing is."""
        return self._asked(usergroup_id, self._directory.members, known.members)

    def _asked(
        self,
        id_: str,
        ask: Callable[[str], T],
        recall: Callable[[Connection, str], tuple[T, datetime] | None],
    ) -> T:
        if self._down is None:
            try:
                return ask(id_)
            except NotVouched:
                raise  # it answered: what it said before is not true any more
            except Unavailable as error:
                self._down = error
        with self._database.read() as conn:
            kept = recall(conn, id_)
        # A fact of the future is a clock that went wrong: nobody can say how old it is.
        if kept is None or not timedelta(0) <= self._now() - kept[1] <= self._oldest:
            raise self._down
        self.recalled[id_] = kept[1]
        return kept[0]
