"""What else can be broken at StripeMeter, beside usage that drifts: as data."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text

from sandbox.world import keys
from sandbox.world.breaks import Break, NoOptions
from sandbox.world.faults import Fault
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.outbreaks import Lasting, Outbreaks
from sandbox.world.stripemeter import seed
from sandbox.world.stripemeter.host import StripeMeterHost
from sandbox.world.stripemeter.scenario import UsageDrift

INGEST = "/v1/events/ingest"
TENANT = keys.STRIPEMETER_TENANT


class OfMetric(BaseModel):
    """Which metric; each break has one of its own, so that they do not meet."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    metric: Literal["requests", "storage_gb", "seats", "exports", "builds", "minutes"] | None = None


class StripeMeterBreaks:
    """Breaks of the tables end when the tables are right again; those of the metrics after a while."""

    def __init__(self, *, host: StripeMeterHost, ids: Ids, drift: UsageDrift) -> None:
        self._host = host
        self._ids = ids
        self._drift = drift
        self._outbreaks = outbreaks = Outbreaks(host.now)
        api, worker, exporter = host.api_meters, host.worker_meters, host.exporter_meters
        outbreaks.add("slow-ingest", beat=lambda: self._served(status="202", seconds=0.8))
        outbreaks.add("server-errors", beat=lambda: self._served(status="503", seconds=0.01))
        outbreaks.add("refused-keys", beat=lambda: api.inc("auth_fail_total", 15, route=INGEST, method="POST"))
        outbreaks.add("slow-reconciler", beat=lambda: worker.observe("recon_duration_seconds", 240))
        outbreaks.add(
            "failing-shadow-pushes",
            beat=lambda: worker.inc(
                "shadow_usage_post_failures_total", tenant=TENANT, metric="exports", reason="permission"
            ),
        )
        outbreaks.add(
            "write-errors",
            beat=lambda: exporter.set("stripemeter_redis_write_error_keys", 3),
            end=lambda: exporter.set("stripemeter_redis_write_error_keys", 0),
        )
        outbreaks.add("workers-down", beat=lambda: None)
        outbreaks.add(
            "queue-lag",
            beat=lambda: exporter.set("queue_lag_seconds", 240, queue="aggregation"),
            end=lambda: exporter.set("queue_lag_seconds", 0, queue="aggregation"),
        )
        outbreaks.add(
            "not-ready",
            beat=lambda: exporter.set("probe_success", 0),
            end=lambda: exporter.set("probe_success", 1),
        )

    def work(self) -> None:
        """One beat."""
        self._outbreaks.work()

    def reset(self) -> None:
        """As after a restart."""
        self._outbreaks.reset()
        self._host.exporter_meters.reset()
        self._host.exporter_meters.set("probe_success", 1)

    @property
    def workers_are_down(self) -> bool:
        """Whether the workers' process is away."""
        return self._outbreaks.is_on("workers-down")

    def all(self) -> Sequence[Break[Any]]:
        """In the order in which they are offered."""
        return (
            self._of_tables("small-drift", "Make usage drift a little",
                "A few events are late: the local count and Stripe differ by 0.3 %, within the agreed bound.",
                self._small_drift, lambda: self._drift.lasts("small-drift")),
            self._of_tables("late-usage", "Deliver usage too late",
                "Events arrive three days late, beyond the 48 h window, so no re-aggregation counts them.",
                self._late_usage, lambda: self._drift.lasts("late-usage")),
            self._of_tables("duplicate-usage", "Count an event twice",
                "An application sends an event again under another key, and it is counted and pushed twice.",
                self._duplicate, self._has_surplus),
            self._of_tables("reject-pushes", "Let Stripe reject the writer",
                "The writer's Stripe key lost its permission, so what is counted is not pushed.",
                self._reject_pushes, lambda: self._host.rejects_pushes is not None),
            self._of_tables("stalled-item", "Stall the reconciliation of an item",
                "The comparison of one item throws at each run: its gauge and reports stay as they were.",
                self._stall_item, lambda: self._host.stalled is not None),
            Break(id="stop-reconciler", title="Stop the reconciler", system="stripemeter",
                about="The reconciler stops running by itself until somebody asks for a run.", options=NoOptions,
                begin=self._stop_reconciler, is_running=lambda: self._host.is_stopped),
            self._lasting("slow-reconciler", "Slow the reconciler down", "Reconciliation runs take four minutes each."),
            self._lasting("queue-lag", "Let the queue fall behind",
                "The aggregation queue is four minutes behind; an exporter for it says so."),
            self._lasting("slow-ingest", "Slow ingestion down", "Calls that ingest usage take 0.8 seconds."),
            self._lasting("server-errors", "Answer 5xx", "Calls that ingest usage end in 503."),
            self._lasting("not-ready", "Fail the readiness probe", "The API's database is away, so it is degraded.",
                also=lambda seconds: self._host.faults.arm(
                    Fault(target="stripemeter", kind="database", seconds=seconds))),
            self._lasting("workers-down", "Take the workers down", "The workers' process does not answer."),
            self._lasting("failing-shadow-pushes", "Fail shadow pushes", "Pushes to the shadow price are refused."),
            self._lasting("write-errors", "Fail live pushes", "Live pushes fail; their error keys pile up in Redis."),
            self._lasting("refused-keys", "Refuse API keys", "A sender calls with a key that was rotated."),
        )  # fmt: skip

    def _of_tables(
        self, name: str, title: str, about: str, begin: Callable[[OfMetric], Obj], is_running: Callable[[], bool]
    ) -> Break[OfMetric]:
        return Break(
            id=name, title=title, system="stripemeter", about=about, options=OfMetric, begin=begin,
            is_running=is_running,
        )  # fmt: skip

    def _lasting(
        self, name: str, title: str, about: str, *, also: Callable[[float], None] = lambda _: None
    ) -> Break[Lasting]:
        def begin(wanted: Lasting) -> Obj:
            also(wanted.seconds)
            self._outbreaks.start(name, seconds=wanted.seconds)
            return {"tenant": TENANT, "route": INGEST, "metric": "exports"}

        return Break(
            id=name, title=title, system="stripemeter", about=about, options=Lasting, begin=begin,
            is_running=lambda: self._outbreaks.is_on(name),
        )  # fmt: skip

    def _small_drift(self, wanted: OfMetric) -> Obj:
        metric = wanted.metric or "builds"
        return self._drift.make({"metric": metric, "percent": 0.3}, cause="small-drift")

    def _late_usage(self, wanted: OfMetric) -> Obj:
        metric = wanted.metric or "seats"
        return self._drift.make({"metric": metric, "percent": 2, "hours_late": 72}, cause="late-usage")

    def _duplicate(self, wanted: OfMetric) -> Obj:
        metric = wanted.metric or "exports"
        month = datetime.combine(self._host.period(), time(), UTC)
        with self._host.engine.begin() as connection:
            values = {"metric": metric, "month": month, "key": str(self._ids.uuid()), "now": self._host.now()}
            connection.execute(_COPY, values)
            connection.execute(_RECOUNT, {**values, "period": self._host.period()})
        self._host.reconcile()
        return self._touched(metric)

    def _reject_pushes(self, wanted: OfMetric) -> Obj:
        metric = wanted.metric or "minutes"
        self._host.rejects_pushes = metric
        with self._host.engine.begin() as connection:
            values = {"metric": metric, "period": self._host.period()}
            connection.execute(_BEHIND, {**values, "then": self._host.now() - timedelta(hours=1)})
        return self._touched(metric)

    def _stall_item(self, wanted: OfMetric) -> Obj:
        metric = wanted.metric or "storage_gb"
        self._host.stalled = metric
        with self._host.engine.begin() as connection:
            connection.execute(_OLD_REPORTS, {"metric": metric})
        return self._touched(metric)

    def _stop_reconciler(self, _: NoOptions) -> Obj:
        self._host.is_stopped = True
        return {"tenant": TENANT}

    def _touched(self, metric: str) -> Obj:
        with self._host.engine.connect() as connection:
            item = connection.execute(seed.ITEM, {"metric": metric}).scalar_one()
        period = self._host.period().isoformat()
        return {"tenant": TENANT, "metric": metric, "subscription_item": item, "period": period}

    def _has_surplus(self) -> bool:
        with self._host.engine.connect() as connection:
            return connection.execute(_SURPLUS).first() is not None

    def _served(self, *, status: str, seconds: float) -> None:
        """What senders see at one beat."""
        for _ in range(5):
            self._host.api_meters.inc("http_requests_total", method="POST", route=INGEST, status_code=status)
            self._host.api_meters.observe("http_request_duration_seconds", seconds, method="POST", route=INGEST)


_COPY = text(
    """insert into events (idempotency_key, tenant_id, metric, customer_ref, quantity, ts, meta, inserted_at)
       select :key, tenant_id, metric, customer_ref, quantity, ts, meta, :now from events
       where metric = :metric and ts >= :month order by quantity, idempotency_key limit 1"""
)
_RECOUNT = text(
    """update counters c set agg_sum = s.total, updated_at = :now
       from (select tenant_id, metric, customer_ref, sum(quantity) as total from events
             where metric = :metric and ts >= :month and idempotency_key not in
                   (select idempotency_key from world.late_events) group by 1, 2, 3) s
       where c.tenant_id = s.tenant_id and c.metric = s.metric and c.customer_ref = s.customer_ref
         and c.period_start = :period and c.agg_sum <> s.total"""
)
_SURPLUS = text(
    """select 1 from (select tenant_id, metric, sum((n - 1) * quantity) as surplus from (
    select tenant_id, metric, quantity, count(*) as n from events
    group by tenant_id, metric, customer_ref, ts, quantity having count(*) > 1) g group by 1, 2) d
    where surplus + coalesce((select sum(delta) from adjustments a where a.metric = d.metric and a.status = 'approved'
                              and a.delta < 0), 0) > 0.000001"""
)
_BEHIND = text(
    """update write_log w set pushed_total = pushed_total * 0.9, updated_at = :then from price_mappings m
       where m.subscription_item_id = w.subscription_item_id and m.metric = :metric and w.period_start = :period"""
)
_OLD_REPORTS = text(
    """update reconciliation_reports r set created_at = r.created_at - interval '3 hours' from price_mappings m
       where m.subscription_item_id = r.subscription_item_id and m.metric = :metric"""
)
