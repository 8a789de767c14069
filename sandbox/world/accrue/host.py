"""An Accrue host: its database, its metrics and its simulated Oban workers."""

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from sandbox.world.accrue import dlq, jobs
from sandbox.world.effects import Effects
from sandbox.world.faults import Faults
from sandbox.world.http import Obj, texts
from sandbox.world.meters import Meters
from sandbox.world.ops_events import OpsEvents
from sandbox.world.postgres import Database

SHOWN = 20
DEAD_LETTERED = "accrue_ops_webhook_dlq_dead_lettered_count"
DEAD_LETTERED_EVENT = "accrue.ops.webhook_dlq.dead_lettered"
REPLAYED = "accrue_ops_webhook_dlq_replay_count"
FORWARDED = frozenset(
    {
        DEAD_LETTERED_EVENT,
        *(
            f"accrue.ops.{name}"
            for name in (
                "events_upcast_failed", "meter_reporting_failed", "metered_renewal_stale_repaired",
                "metered_missing_definition", "metered_charge_awaiting_payment_method",
                "metered_charge_failed_exhausted", "revenue_loss", "dunning_exhaustion", "pdf_adapter_unavailable",
                "connect_account_deauthorized", "connect_capability_lost", "connect_payout_failed",
                "discount_mapping_invalid", "customer_projection_sync_failed",
            )
        ),
    }
)  # fmt: skip
"""The ops events that a host forwards (docs/hosts/accrue.md, The ids)."""
QUEUES = (
    "accrue_webhooks", "accrue_mailers", "accrue_meters", "accrue_dunning", "accrue_reconcilers", "accrue_scheduled",
    "accrue_maintenance",
)  # fmt: skip


class AccrueHost:
    """What the routes, the scenarios and the pulse share; all state but paused queues is in the database."""

    def __init__(
        self,
        *,
        database: Database,
        effects: Effects,
        faults: Faults,
        ops_events: OpsEvents,
        now: Callable[[], datetime],
        token: str,
    ) -> None:
        self._database = database
        self.effects = effects
        self.token = token
        self._ops_events = ops_events
        self.meters = Meters()
        self._faults = faults
        self._clock = now
        self._lock = Lock()
        self._paused: set[str] = set()
        self._noted: dict[str, datetime] = {}

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
            self._noted.clear()

    def note(self, break_id: str) -> None:
        """Remember when something was broken."""
        with self._lock:
            self._noted[break_id] = self.now()

    def is_recent(self, break_id: str, *, within: float) -> bool:
        """Whether it was broken in the last so many seconds."""
        with self._lock:
            since = self._noted.get(break_id)
        return since is not None and (self.now() - since).total_seconds() < within

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

    def settle(self, renewal_id: UUID, *, source: str, key: str | None) -> int | None:
        """`ProcessMeteredRenewal` for one window; None when there is no such window."""
        with self.engine.begin() as connection:
            there = connection.execute(text("select 1 from accrue_metered_renewals where id = :id"), {"id": renewal_id})
            if there.first() is None:
                return None
            args = {"metered_renewal_id": str(renewal_id)}
            job_id = jobs.insert(connection, "Accrue.Jobs.ProcessMeteredRenewal", dict(args), now=self.now())
        self.effects.record("accrue", "renewal.queued", target=str(renewal_id), source=source, idempotency_key=key)
        return job_id

    def run(self, worker: str, *, source: str, key: str | None) -> int:
        """Insert one job of a worker, as its cron would."""
        with self.engine.begin() as connection:
            job_id = jobs.insert(connection, worker, {}, now=self.now())
        self.effects.record("accrue", "job.inserted", target=worker, source=source, idempotency_key=key)
        return job_id

    def tell(self, event: str, by: float = 1, **labels: str) -> None:
        """Telemetry of one ops event: the counter that the default metrics make of it."""
        self.meters.inc(f"{event.replace('.', '_')}_count", by, **labels)

    def forward(self, event: str, metadata: Obj) -> None:
        """What the host's telemetry handler does with an ops event: it forwards it with its identifiers.

        Of what comes in numbers, and of what the library does for whoever asks it to, the alert alone tells.
        """
        if event in FORWARDED:
            self._ops_events.tell(event, metadata, at=self.now())

    def work(self) -> None:
        """One beat of Oban: every available job of a running queue is handled."""
        self._work_others()
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
                self.forward(DEAD_LETTERED_EVENT, {"event_id": str(event_id), "attempt": dlq.MAX_ATTEMPTS})

    def _work_others(self) -> None:
        paused = self.paused()
        running = [queue for queue in QUEUES if queue not in paused]
        with self.engine.begin() as connection:
            done = jobs.work(connection, running=running, now=self.now())
        for worker, changed in done:
            detail: Obj = {"changed": len(changed), "ids": texts(changed[:SHOWN])}
            self.effects.record("accrue", "job.completed", target=worker, source="worker", detail=detail)
            if worker == "Accrue.Jobs.ProcessMeteredRenewal":
                for renewal in changed:
                    self.effects.record("accrue", "renewal.charged", target=renewal, source="worker")

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
