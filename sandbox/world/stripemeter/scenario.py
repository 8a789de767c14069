"""Make usage drift: events arrive late, Stripe has counted them and the local counters have not."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from sandbox.world import keys
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.stripemeter import seed
from sandbox.world.stripemeter.host import StripeMeterHost


class Options(BaseModel):
    """Which metric, how far, how late."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    metric: str = Field(default="requests", pattern="^(requests|storage_gb|seats|exports|builds|minutes)$")
    percent: float = Field(default=3.0, gt=0, le=50)
    hours_late: float = Field(default=6.0, gt=0, le=200, description="more than 48 is beyond the lateness window")


@dataclass(frozen=True, slots=True)
class UsageDrift:
    """While it runs, starting it again changes nothing."""

    host: StripeMeterHost
    ids: Ids
    causes: dict[str, str] = field(default_factory=dict)  # by metric: what made its events late

    id = "usage-drift"
    title = "Make usage drift"
    system = "stripemeter"
    about = "Usage events arrive late: Stripe has counted them, the local counters have not, so the two differ by 3 %."

    def running(self) -> bool:
        """While late events wait to be counted."""
        return self.lasts(self.id)

    def lasts(self, cause: str) -> bool:
        """Whether late events of this cause wait to be counted."""
        metrics = [metric for metric, made_by in self.causes.items() if made_by == cause]
        with self.host.engine.connect() as connection:
            return connection.execute(_WAITING, {"metrics": metrics}).first() is not None

    def start(self, params: Obj) -> Obj:
        """Add late events worth that share of the metric's total, then let the reconciler see it."""
        return self.make(params, cause=self.id)

    def make(self, params: Obj, *, cause: str) -> Obj:
        """The same, for whatever else makes events late."""
        wanted = Options.model_validate(params)
        now = self.host.now()
        month = datetime.combine(self.host.period(), time(), UTC)
        late = max(now - timedelta(hours=wanted.hours_late), month)
        with self.host.engine.begin() as connection:
            item = connection.execute(seed.ITEM, {"metric": wanted.metric}).scalar_one()
            already = connection.execute(_LATE, {"metric": wanted.metric}).scalar_one()
            if not already:
                self.causes[wanted.metric] = cause
                total = connection.execute(_TOTAL, {"metric": wanted.metric, "period": self.host.period()}).scalar_one()
                # local = S - x and |local - S| / S = p, so x = S*p where S = local / (1 - p)
                share = wanted.percent / 100
                missing = float(total) * share / (1 - share) / seed.CUSTOMERS
                events = [
                    seed.event(
                        self.ids,
                        metric=wanted.metric,
                        customer=customer,
                        quantity=round(missing, 6),
                        ts=late,
                        # On the first days of a month there is no moment that long ago; then it arrives later than now.
                        inserted=max(now, late + timedelta(hours=wanted.hours_late)),
                    )
                    for customer in seed.customers()
                ]
                connection.execute(seed.EVENT, events)
                connection.execute(_NOT_COUNTED, [{"key": event["key"]} for event in events])
                connection.execute(seed.STRIPE_AGREES)
        self.host.reconcile()
        return {
            "tenant": str(UUID(keys.STRIPEMETER_TENANT)),
            "metric": wanted.metric,
            "subscription_item": item,
            "period": self.host.period().isoformat(),
        }


_WAITING = text(
    "select 1 from events join world.late_events using (idempotency_key) where metric = any(:metrics) limit 1"
)
_LATE = text("select count(*) from events join world.late_events using (idempotency_key) where metric = :metric")
_TOTAL = text("select sum(agg_sum) from counters where metric = :metric and period_start = :period")
_NOT_COUNTED = text("insert into world.late_events (idempotency_key) values (:key)")
