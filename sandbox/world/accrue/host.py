"""An Accrue host: its database, its metrics and its simulated Oban workers."""

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from sandbox.world.accrue import dlq
from sandbox.world.effects import Effects
from sandbox.world.faults import Faults
from sandbox.world.meters import Meters
from sandbox.world.postgres import Database

DEAD_LETTERED = "accrue_ops_webhook_dlq_dead_lettered_count"
REPLAYED = "accrue_ops_webhook_dlq_replay_count"
QUEUES = (
    "accrue_webhooks", "accrue_mailers", "accrue_meters", "accrue_dunning", "accrue_reconcilers", "accrue_scheduled",
    "accrue_maintenance",
)  # fmt: skip


class AccrueHost:
    """What the routes, the scenarios and the pulse share; all state but paused queues is in the database."""

    def __init__(
        self, *, database: Database, effects: Effects, faults: Faults, now: Callable[[], datetime], token: str
    ) -> None:
        self._database = database
        self.effects = effects
        self.token = token
        self.meters = Meters()
        self._faults = faults
        self._clock = now
        self._lock = Lock()
        self._paused: set[str] = set()

    @property
    def engine(self) -> Engine:
        """The owner's engine on the host's database."""
        return self._database.engine

    def now(self) -> datetime:
        """UTC without a zone, as Accrue writes it."""
        return self._clock().replace(tzinfo=None)

    def reset(self) -> None:
        """As after a restart: counters gone, queues running (a pause is not kept)."""
        self.meters.reset()
        with self._lock:
            self._paused.clear()

    def replay_one(self, event_id: UUID, *, source: str, key: str | None) -> dlq.Requeued | dlq.Refused:
        """Requeue one event, then tell telemetry, as the library does, outside the transaction."""
        with self.engine.begin() as connection:
            result = dlq.requeue(connection, event_id, now=self.now())
        if isinstance(result, dlq.Requeued):
            self._tell_replayed(event_id, source=source, key=key)
        return result

    def replay_many(self, event_ids: list[UUID], *, source: str, key: str | None) -> tuple[int, int]:
        """Requeue each that still may be; answers how many were requeued and how many skipped."""
        with self.engine.begin() as connection:
            results = [dlq.requeue(connection, event_id, now=self.now()) for event_id in event_ids]
        done = [result for result in results if isinstance(result, dlq.Requeued)]
        for result in done:
            self._tell_replayed(result.event_id, source=source, key=key)
        return len(done), len(results) - len(done)

    def pause(self, queue: str, *, paused: bool, source: str, key: str | None) -> None:
        """Pause or resume a queue; forgotten at restart, like `Oban.pause_queue`."""
        with self._lock:
            changed = (queue in self._paused) != paused
            (self._paused.add if paused else self._paused.discard)(queue)
        if changed:
            action = "queue.pause" if paused else "queue.resume"
            self.effects.record("accrue", action, target=queue, source=source, idempotency_key=key)

    def paused(self) -> set[str]:
        """The queues that do not run now."""
        with self._lock:
            return set(self._paused)

    def work(self) -> None:
        """One beat of the dispatcher: every available job of a running queue is handled."""
        if dlq.QUEUE in self.paused():
            return
        with self.engine.begin() as connection:
            jobs = connection.execute(
                text(
                    """select id, cast(args->>'webhook_event_id' as uuid) as event_id from oban_jobs
                       where state = 'available' and worker = :worker and scheduled_at <= :now
                       order by id limit 50 for update skip locked"""
                ),
                {"worker": dlq.WORKER, "now": self.now()},
            ).all()
            outcomes = [(job.event_id, self._dispatch(connection, job.id, job.event_id)) for job in jobs]
        for event_id, succeeded in outcomes:
            action = "webhook.dispatched" if succeeded else "webhook.dead_lettered"
            self.effects.record("accrue", action, target=str(event_id), source="worker")
            if not succeeded:
                self.meters.inc(DEAD_LETTERED)

    def _dispatch(self, connection: Connection, job_id: int, event_id: UUID) -> bool:
        broken = self._faults.inner("accrue", "handler_bug")
        change = _FAIL if broken else _SUCCEED
        for statement in change:
            values = {"job": job_id, "event": event_id, "now": self.now(), "error": _ERROR}
            connection.execute(statement, values)
        return not broken

    def _tell_replayed(self, event_id: UUID, *, source: str, key: str | None) -> None:
        self.meters.inc(REPLAYED)
        self.effects.record("accrue", "webhook.requeued", target=str(event_id), source=source, idempotency_key=key)


_ERROR = "** (KeyError) key :tier not found in: the price metadata of the invoice line"
_SUCCEED = (
    text(
        """update oban_jobs set state = 'completed', attempt = attempt + 1, attempted_at = :now, completed_at = :now
           where id = :job"""
    ),
    text(
        """update accrue_webhook_events set status = 'succeeded', processed_at = :now, updated_at = :now
           where id = :event"""
    ),
)
# The 25 attempts take days at a real host; here their end comes at once.
_FAIL = (
    text(
        """update oban_jobs set state = 'discarded', attempt = max_attempts, attempted_at = :now, discarded_at = :now,
             errors = errors || jsonb_build_object('at', cast(:now as text), 'attempt', max_attempts, 'error',
               cast(:error as text))
           where id = :job"""
    ),
    text("update accrue_webhook_events set status = 'dead', updated_at = :now where id = :event"),
)
