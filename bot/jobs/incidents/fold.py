"""Folds stored deliveries into incidents: in every replica, but one at a time over all of them."""

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from bot.core.errors import BadInput, Unavailable
from bot.core.event import parse, parse_event
from bot.engine.incident import Outcome
from bot.jobs.incidents.snapshots import Snapshots, note, verbs
from bot.jobs.incidents.storms import Storms
from bot.metrics.own import Metrics
from bot.store import deliveries
from bot.store.database import Database
from bot.store.deliveries import Source, Waiting
from bot.store.work import Clock

log = logging.getLogger(__name__)

_BATCH = 500  # deliveries looked at in one transaction
_BUDGET = 0.01  # seconds after which a transaction takes no further body: on SQLite nobody else writes meanwhile
_BUSY = 200.0  # deliveries per second from which on they go first: nothing is lost by folding later,
_REST = 19  # so it rests this many times as long as it worked
_LOOK_EVERY = 1.0  # seconds; a wake-up is only a hint, the rows say what is to be done
_ANOTHER_IS_AT_IT = 0.1  # seconds until the next try


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one transaction did; `is_done` is False when more waits, or another replica was at it."""

    deliveries: int
    is_done: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Body:
    """Equal bodies that wait. A repeat says nothing new but that it was said again, so only the last one counts."""

    seqs: tuple[int, ...]
    source: Source
    received_at: datetime
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Folded:
    body: _Body
    outcomes: Sequence[Outcome]
    error: str | None


class Fold:
    """Takes deliveries that wait, first come first, and applies them to the incidents.

    The rows are the truth: there is no job to lose, and whoever looks next goes on. One replica folds at a time, under
    a lock that ends with its transaction, for two that open an incident for one alert would open it twice. On
    PostgreSQL a delivery may become visible after one with a higher number; that does no harm, for what incidents
    come to does not depend on the order of what is told (`bot.engine.alerts`).
    """

    def __init__(
        self, *, database: Database, snapshots: Snapshots, storms: Storms, metrics: Metrics, now: Clock
    ) -> None:
        self._database = database
        self._snapshots = snapshots
        self._storms = storms
        self._metrics = metrics
        self._now = now
        self._awake = threading.Event()
        self._heard = 0  # deliveries that woke it so far; counted by one thread
        self._heard_before = 0
        self._asked_at = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to fold in a thread of its own, first what an earlier process left."""
        self._thread = threading.Thread(target=self._run, name="fold", daemon=True)
        self._thread.start()

    def wake(self, count: int) -> None:
        """Says that so many deliveries were committed; if nobody hears it, the next look finds them."""
        self._heard += count
        self._awake.set()

    def stop(self, timeout: timedelta) -> bool:
        """Ends after the transaction under way; False when that takes longer than the timeout."""
        self._stopping.set()
        self._awake.set()
        if self._thread is None:
            return True
        self._thread.join(timeout.total_seconds())
        return not self._thread.is_alive()

    def turn(self) -> Turn:
        """Folds one batch in one transaction. Raises Unavailable when the database is away; nothing happened then."""
        with self._database.read() as conn:
            if not deliveries.unfolded(conn, 1):
                return Turn(deliveries=0, is_done=True)
        with self._database.begin() as conn:
            if not deliveries.lock(conn):
                return Turn(deliveries=0, is_done=False)
            waiting = deliveries.unfolded(conn, _BATCH)
            folded = self._fold_some(conn, _bodies(waiting))
            not_shown = self._say(conn, folded)
        self._count(folded, not_shown)
        done = sum(len(each.body.seqs) for each in folded)
        return Turn(deliveries=done, is_done=done == len(waiting) < _BATCH)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.wait(_LOOK_EVERY)
            try:
                self._drain()
            except Unavailable as error:
                log.warning("fold.waits", extra={"error": str(error)})
                self._stopping.wait(_LOOK_EVERY)
            except Exception:
                log.exception("fold.failed")
                self._stopping.wait(_LOOK_EVERY)

    def _drain(self) -> None:
        while not self._stopping.is_set():
            self._awake.clear()
            began = time.monotonic()
            turn = self.turn()
            took = time.monotonic() - began
            if self._is_busy():
                self._stopping.wait(_REST * took)
            elif turn.is_done:
                return
            elif turn.deliveries == 0:
                self._stopping.wait(_ANOTHER_IS_AT_IT)

    def _is_busy(self) -> bool:
        """How fast deliveries came since this was last asked."""
        now, heard = time.monotonic(), self._heard
        is_busy = heard - self._heard_before > _BUSY * (now - self._asked_at)
        self._heard_before, self._asked_at = heard, now
        return is_busy

    def _fold_some(self, conn: Connection, bodies: Iterable[_Body]) -> list[_Folded]:
        """At least one, and as many more as there is time for."""
        until = time.monotonic() + _BUDGET
        folded = []
        for body in bodies:
            folded.append(self._fold(conn, body))
            if time.monotonic() > until:
                break
        return folded

    def _fold(self, conn: Connection, body: _Body) -> _Folded:
        """What one body does. If it cannot be folded, it alone is put aside, with the reason."""
        now = self._now()
        outcomes: Sequence[Outcome] = ()
        error = None
        try:
            with conn.begin_nested():
                outcomes = self._outcomes(conn, body, now)
        except Exception as raised:
            if _is_databases(raised):
                raise
            log.exception("fold.put_aside", extra={"deliveries": body.seqs})
            error = str(raised) if isinstance(raised, BadInput) else type(raised).__name__
        deliveries.folded(conn, body.seqs, now=now, error=error)
        return _Folded(body=body, outcomes=outcomes, error=error)

    def _outcomes(self, conn: Connection, body: _Body, now: datetime) -> Sequence[Outcome]:
        said, at = deliveries.body(conn, body.seqs[-1]), body.received_at
        match body.source:
            case Source.ALERTMANAGER:
                return self._snapshots.apply(conn, parse(said), source=body.source, received_at=at, now=now)
            case Source.OPS_EVENTS:
                return self._snapshots.apply_event(conn, parse_event(said), received_at=at, now=now)

    def _say(self, conn: Connection, folded: Sequence[_Folded]) -> int:
        """Note what changed, then show each incident once: locks are taken in this order everywhere."""
        now = self._now()
        for each in folded:
            note(conn, each.outcomes, delivery=each.body.seqs[-1], digest=each.body.digest, now=now)
        self._gather(conn, [outcome for each in folded for outcome in each.outcomes], now)
        changed = dict.fromkeys(outcome.after.incident.id for each in folded for outcome in each.outcomes)
        return sum(not self._shown(conn, incident_id, now) for incident_id in changed)

    def _gather(self, conn: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Many at once become a storm. If that cannot be done, each is told by itself."""
        try:
            with conn.begin_nested():
                self._storms.gather(conn, outcomes, now)
        except Exception as raised:
            if _is_databases(raised):
                raise
            log.exception("fold.not_gathered")

    def _shown(self, conn: Connection, incident_id: str, now: datetime) -> bool:
        """Order the root message anew. If it cannot be composed, the incident stands all the same."""
        try:
            with conn.begin_nested():
                self._snapshots.show(conn, incident_id, now)
        except Exception as raised:
            if _is_databases(raised):
                raise
            log.exception("fold.not_shown", extra={"incident": incident_id})
            return False
        return True

    def _count(self, folded: Iterable[_Folded], not_shown: int) -> None:
        self._metrics.not_shown(not_shown)
        for each in folded:
            self._metrics.folded("put_aside" if each.error else "folded", len(each.body.seqs))
            for outcome in each.outcomes:
                for verb in verbs(outcome):
                    self._metrics.incident(verb, system=outcome.after.incident.system)


def _bodies(waiting: Iterable[Waiting]) -> list[_Body]:
    """The different bodies among them, by when each came first."""
    equal: dict[tuple[Source, str], list[Waiting]] = {}
    for each in waiting:
        equal.setdefault((each.source, each.digest), []).append(each)
    return [
        _Body(
            seqs=tuple(each.seq for each in same),
            source=same[0].source,
            received_at=max(each.received_at for each in same),
            digest=same[0].digest,
        )
        for same in equal.values()
    ]


def _is_databases(raised: Exception) -> bool:
    """Whether it is about the database and not about this delivery: then the whole batch is tried again."""
    return isinstance(raised, Unavailable | DBAPIError) and not isinstance(raised, DataError | IntegrityError)
