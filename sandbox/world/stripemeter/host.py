"""StripeMeter's state and its simulated workers: the aggregator and the hourly reconciler, here faster."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from threading import Lock
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from sandbox.world.effects import Effects
from sandbox.world.faults import Faults
from sandbox.world.meters import Meters
from sandbox.world.postgres import Database

EPSILON = 0.005
LATENESS = timedelta(hours=48)
RECONCILE_EVERY = timedelta(seconds=8)  # an hour at a real installation


class StripeMeterHost:
    """API and workers share the database; each has metrics of its own, as they are two processes."""

    def __init__(self, *, database: Database, effects: Effects, faults: Faults, now: Callable[[], datetime]) -> None:
        self._database = database
        self.effects = effects
        self.faults = faults
        self.now = now
        self.api_meters = Meters()
        self.worker_meters = Meters()
        self.exporter_meters = Meters()  # of what stands beside it: a probe, an exporter for its Redis
        self.is_stopped = False
        self.stalled: str | None = None  # the metric whose comparison throws
        self.rejects_pushes: str | None = None  # the metric whose pushes Stripe refuses
        self._lock = Lock()
        self._due = now()

    @property
    def engine(self) -> Engine:
        """The owner's engine on the host's database."""
        return self._database.engine

    def reset(self) -> None:
        """As after a restart of both processes; the reconciler runs at once."""
        self.api_meters.reset()
        self.worker_meters.reset()
        self.is_stopped, self.stalled, self.rejects_pushes = False, None, None
        self.worker_meters.set("worker_running_gauge", 1, type="reconciler")
        self.reconcile_soon()

    def period(self) -> date:
        """The current billing period: the first of this month, UTC."""
        return self.now().date().replace(day=1)

    def reconcile_soon(self) -> None:
        """Let the next beat run the reconciler."""
        with self._lock:
            self.is_stopped, self.stalled = False, None
            self._due = self.now()

    def work(self) -> None:
        """One beat: the reconciler, when it is due."""
        with self._lock:
            if self.is_stopped or self.now() < self._due:
                return
            self._due = self.now() + RECONCILE_EVERY
        self.reconcile()

    def reconcile(self) -> None:
        """Compare every active item of the CURRENT period, write a report row each, set the gauges."""
        period, started = self.period(), self.now()
        with self.engine.begin() as connection:
            self._push(connection, period)
            rows = connection.execute(_COMPARE, {"period": period}).all()
            for row in (row for row in rows if row.metric != self.stalled):
                difference = abs(row.local - row.stripe)
                share = _share(float(difference), float(row.stripe))
                labels = {
                    "tenant": str(row.tenant_id),
                    "subscription_item": row.subscription_item_id,
                    "period": period.isoformat(),
                }
                self.worker_meters.set("reconciliation_diff_abs", float(difference), **labels)
                self.worker_meters.set("reconciliation_diff_pct", share, **labels)
                values = {
                    "tenant": row.tenant_id, "item": row.subscription_item_id, "period": period, "local": row.local,
                    "stripe": row.stripe, "diff": difference, "status": "investigate" if share > EPSILON else "ok",
                    "now": started,
                }  # fmt: skip
                connection.execute(_REPORT, values)
                if share > EPSILON and row.stripe > row.local:
                    # Upstream adds a new set of pending suggestions at every run with drift; so do we.
                    connection.execute(_SUGGEST, {**values, "metric": row.metric})
        self.worker_meters.inc("recon_runs_total")
        self.worker_meters.observe("recon_duration_seconds", (self.now() - started).total_seconds())

    def _push(self, connection: Connection, period: date) -> None:
        """The writer: what Stripe has is never lowered, and set to the local total where that is more."""
        for row in connection.execute(_COMPARE, {"period": period}).all():
            if row.metric != self.rejects_pushes:
                values = {"item": row.subscription_item_id, "period": period, "local": row.local, "now": self.now()}
                connection.execute(_PUSHED, values)
                connection.execute(_TAKEN, values)

    def aggregate(
        self, connection: Connection, *, tenant: UUID, metric: str, since: datetime, until: datetime, reason: str
    ) -> None:
        """Count the late events of a window into their counters, and move the watermarks."""
        values = {"tenant": tenant, "metric": metric, "since": since, "until": until, "now": self.now()}
        connection.execute(_AGGREGATE, values)
        connection.execute(_COUNTED, values)
        self.worker_meters.inc("reaggregations_total", reason=reason)


def _share(difference: float, stripe: float) -> float:
    if stripe > 0:
        return difference / stripe
    return 1.0 if difference > 0 else 0.0


_COMPARE = text(
    """select m.tenant_id, m.metric, m.subscription_item_id,
              coalesce((select sum(c.agg_sum) from counters c
                        where c.tenant_id = m.tenant_id and c.metric = m.metric
                          and c.period_start = :period), 0)
              + coalesce((select sum(a.delta) from adjustments a
                          where a.tenant_id = m.tenant_id and a.metric = m.metric and a.period_start = :period
                            and a.status = 'approved'), 0) as local,
              coalesce((select u.total from world.stripe_usage u
                        where u.subscription_item_id = m.subscription_item_id
                          and u.period_start = :period), 0) as stripe
       from price_mappings m where m.active order by m.metric"""
)
_REPORT = text(
    """insert into reconciliation_reports (tenant_id, subscription_item_id, period_start, local_total, stripe_total,
                                           diff, status, created_at)
       values (:tenant, :item, :period, :local, :stripe, :diff, :status, :now)"""
)
_PUSHED = text(
    """update write_log set pushed_total = greatest(pushed_total, :local), updated_at = :now
       where subscription_item_id = :item and period_start = :period"""
)
_TAKEN = text(
    """update world.stripe_usage set total = greatest(total, :local)
       where subscription_item_id = :item and period_start = :period"""
)
_SUGGEST = text(
    """insert into adjustments (tenant_id, metric, customer_ref, period_start, delta, reason, actor, created_at)
       select :tenant, :metric, c.customer_ref, :period, :diff * c.agg_sum / nullif(sum(c.agg_sum) over (), 0),
              'backfill', 'system:reconciliation', :now
       from counters c where c.tenant_id = :tenant and c.metric = :metric and c.period_start = :period"""
)
_AGGREGATE = text(
    """with late as (
         select e.tenant_id, e.metric, e.customer_ref, date_trunc('month', e.ts)::date as period_start,
                sum(e.quantity) as quantity, max(e.ts) as last_ts
         from events e join world.late_events l using (idempotency_key)
         where e.tenant_id = :tenant and e.metric = :metric and e.ts >= :since and e.ts < :until
         group by 1, 2, 3, 4)
       insert into counters as c (tenant_id, metric, customer_ref, period_start, period_end, agg_sum, watermark_ts,
                                  updated_at)
       select tenant_id, metric, customer_ref, period_start,
              (period_start + interval '1 month - 1 day')::date, quantity, last_ts, :now from late
       on conflict (tenant_id, metric, customer_ref, period_start) do update
         set agg_sum = c.agg_sum + excluded.agg_sum, watermark_ts = greatest(c.watermark_ts, excluded.watermark_ts),
             updated_at = excluded.updated_at"""
)
_COUNTED = text(
    """delete from world.late_events l using events e
       where e.idempotency_key = l.idempotency_key and e.tenant_id = :tenant and e.metric = :metric
         and e.ts >= :since and e.ts < :until"""
)
