"""payments-svc's state and its simulated dunning worker, which downgrades whoever's day 7 has come."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from sandbox.world.aivo.troubles import Troubles
from sandbox.world.effects import Effect, Effects
from sandbox.world.meters import Meters
from sandbox.world.postgres import Database

KEPT_MODULES = ("ELA", "MATH")
PER_BEAT = 20


class AivoService:
    """The dunning flag lives in the service; everything else is in the database."""

    def __init__(self, *, database: Database, effects: Effects, now: Callable[[], datetime]) -> None:
        self._database = database
        self.effects = effects
        self.now = now
        self.code_meters = Meters()
        self.seed_meters = Meters()
        self.troubles = Troubles(code=self.code_meters, seed=self.seed_meters)
        self._lock = Lock()
        self._down_until: datetime | None = None
        self._dunning = True
        self._changed_at = now()

    @property
    def engine(self) -> Engine:
        """The owner's engine on the host's database."""
        return self._database.engine

    def reset(self) -> None:
        """As after a restart long ago: dunning on, and the counters of a quiet week."""
        with self._lock:
            self._dunning = True
            self._changed_at = self.now()
            self._down_until = None
        self.troubles.reset()
        self.code_meters.reset()
        self.seed_meters.reset()
        for stage, count in (("day0_banner", 41), ("day3_retry", 17), ("day7_downgrade", 4)):
            self.count_dunning(stage, by=count)
        self._count_quiet_week()

    def dunning(self) -> tuple[bool, datetime]:
        """Whether dunning is on, and since when."""
        with self._lock:
            return self._dunning, self._changed_at

    def set_dunning(self, enabled: bool, *, key: str | None) -> None:
        """Turn the worker on or off; setting what is already set is no effect."""
        with self._lock:
            if self._dunning == enabled:
                return
            self._dunning, self._changed_at = enabled, self.now()
        action = "dunning.enable" if enabled else "dunning.disable"
        self.effects.record("aivo", action, target="payments-svc", source="http", idempotency_key=key)

    def go_down(self, length: timedelta) -> None:
        """Answer nothing for so long."""
        with self._lock:
            self._down_until = self.now() + length

    def is_down(self) -> bool:
        """Whether it is down now."""
        with self._lock:
            return self._down_until is not None and self.now() < self._down_until

    def work(self) -> None:
        """One beat: what goes wrong goes on, and those whose day has come are downgraded, while dunning is on."""
        self.troubles.beat()
        if not self.dunning()[0]:
            return
        with self.engine.begin() as connection:
            due = connection.execute(_DUE, {"now": self.now(), "limit": PER_BEAT}).all()
            for row in due:
                self.downgrade(connection, row.subscription_id, event_id=row.id, reason="DOWNGRADED")
        for row in due:
            self.count_dunning("day7_downgrade")
            self.effects.record("aivo", "subscription.downgraded", target=str(row.subscription_id), source="worker")

    def downgrade(self, connection: Connection, subscription: UUID, *, event_id: UUID | None, reason: str) -> None:
        """Subscription expired, entitlements cut to the kept modules, an audit row, the dunning step done."""
        values = {
            "subscription": subscription, "event": event_id, "reason": reason, "now": self.now(),
            "kept": list(KEPT_MODULES), "key": f"dunning_{subscription}_{int(self.now().timestamp() * 1000)}",
        }  # fmt: skip
        for statement in _DOWNGRADE:
            connection.execute(statement, values)

    def count_dunning(self, stage: str, *, by: int = 1) -> None:
        """Count under both vocabularies; the option says which one is exported."""
        action = {"day0_banner": "banner", "day3_retry": "retry", "day7_downgrade": "downgrade"}[stage]
        self.code_meters.inc("billing_dunning_events_total", by, stage=stage, tenant_type="PARENT_CONSUMER")
        self.seed_meters.inc("billing_dunning_actions_total", by, action=action)

    def changes_by_others(self) -> list[Effect]:
        """What somebody changed straight in dunning_events, one effect per statement."""
        with self.engine.connect() as connection:
            rows = connection.execute(_CHANGES).all()
            statuses = connection.execute(_STATUS_CHANGES).all()
        return [
            Effect(
                at=row.at,
                system="aivo",
                action="subscription.set",
                target=str(row.id),
                source=f"sql:{row.by_role}",
                detail={"status": row.status, "before": row.before},
            )
            for row in statuses
        ] + [
            Effect(
                at=row.at,
                system="aivo",
                action="dunning.skip" if row.now_completed else "dunning.restore",
                target="dunning_events",
                source=f"sql:{row.by_role}",
                detail={"count": row.changed, "reason": row.reason, "ids": [str(changed) for changed in row.ids]},
            )
            for row in rows
        ]

    def gauges(self) -> None:
        """Bring the gauges up to date with the tables."""
        with self.engine.connect() as connection:
            for row in connection.execute(_STATUSES):
                labels = {"plan_sku": row.plan_id, "tenant_type": row.account_type, "status": row.status}
                self.code_meters.set("billing_subscriptions_active_total", row.n, **labels)
            active, trials, soon = connection.execute(_ACTIVE, {"now": self.now()}).one()
            lacking = connection.execute(_LACKING).scalar_one()
        self.seed_meters.set("billing_subscriptions_active", active)
        self.seed_meters.set("billing_trials_active", trials)
        self.seed_meters.set("billing_trials_expiring_soon", soon)
        kind = {"plan_sku": "premium-monthly", "tenant_type": "PARENT_CONSUMER"}
        self.code_meters.set("billing_trials_active_total", trials, **kind)
        self.code_meters.set("billing_trials_expiring_soon", soon, **kind, days_remaining="3")
        self.code_meters.set("billing_entitlements_mismatch_total", lacking, tenant_type="PARENT_CONSUMER")

    def _count_quiet_week(self) -> None:
        both = {"event_type": "invoice.paid", "provider": "STRIPE"}
        self.code_meters.inc("billing_webhook_events_total", 812, **both)
        self.code_meters.inc("billing_webhook_events_total", 812, **both, status="processed")
        self.seed_meters.inc("billing_webhook_events_total", 812, type="invoice.paid")
        self.code_meters.inc("billing_invoices_paid_total", 790, currency="usd", tenant_type="PARENT_CONSUMER")
        self.seed_meters.inc("billing_invoices_total", 790, status="paid", currency="usd")
        self.code_meters.inc("billing_entitlements_sync_total", 300, trigger="subscription_change", result="success")
        # No failure yet: a series that is there at the first look counts whole, so it would be an alert.


_DUE = text(
    """select id, subscription_id from dunning_events
       where not completed and step = 'DAY_7_DOWNGRADE' and scheduled_for <= :now
       order by scheduled_for, id limit :limit for update skip locked"""
)
_DOWNGRADE = (
    text("update subscriptions set status = 'EXPIRED', ended_at = :now, updated_at = :now where id = :subscription"),
    text(
        """update entitlements set active = false, updated_at = :now
           where module <> all(:kept) and tenant_id = (
             select a.tenant_id from billing_accounts a join subscriptions s on s.billing_account_id = a.id
             where s.id = :subscription)"""
    ),
    text(
        """insert into payment_events (billing_account_id, provider_event_id, event_type, payload, processed_at,
                                       created_at)
           select billing_account_id, :key, 'SUBSCRIPTION_DOWNGRADED', '{}', :now, :now
           from subscriptions where id = :subscription
           on conflict (provider_event_id) do nothing"""
    ),
    text(
        """update dunning_events set completed = true, completed_at = :now, completion_reason = :reason
           where subscription_id = :subscription and not completed and (cast(:event as uuid) is null or id = :event)"""
    ),
)
_CHANGES = text("select at, by_role, now_completed, reason, changed, ids from world.dunning_changes order by id")
_STATUS_CHANGES = text("select at, by_role, id, before, status from world.subscription_changes order by seq")
_STATUSES = text(
    """select s.plan_id, a.account_type, s.status, count(*) as n
       from subscriptions s join billing_accounts a on a.id = s.billing_account_id
       group by 1, 2, 3"""
)
_ACTIVE = text(
    """select count(*) filter (where status in ('ACTIVE', 'IN_TRIAL')), count(*) filter (where status = 'IN_TRIAL'),
              count(*) filter (where status = 'IN_TRIAL'
                               and trial_end_at < cast(:now as timestamptz) + interval '3 days')
       from subscriptions"""
)
_LACKING = text(
    """select count(distinct a.tenant_id) from subscriptions s join billing_accounts a on a.id = s.billing_account_id
       join entitlements e on e.tenant_id = a.tenant_id
       where s.status in ('ACTIVE', 'IN_TRIAL') and not e.active"""
)
