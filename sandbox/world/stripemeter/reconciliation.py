"""The `/v1/reconciliation` routes, with the summary's traps as upstream has them."""

import re
from dataclasses import dataclass
from decimal import Decimal

from pydantic import JsonValue
from sqlalchemy import text

from sandbox.world.http import Answer, Call, Obj
from sandbox.world.stripemeter.access import invalid, tenant
from sandbox.world.stripemeter.host import StripeMeterHost

_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Summary, one period, and the trigger."""

    host: StripeMeterHost

    def summary(self, call: Call) -> Answer:
        """Sums over ALL report rows of the periods; when the database fails, 200 with zeros (a false clean)."""
        start, end = call.one("periodStart"), call.one("periodEnd")
        if call.one("tenantId") is None or not _is_month(start) or not _is_month(end):
            return invalid("tenantId, periodStart and periodEnd (YYYY-MM) are required")
        per_metric: list[JsonValue] = []
        if not self.host.faults.inner("stripemeter", "database"):
            with self.host.engine.connect() as connection:
                values = {"tenant": tenant(), "start": f"{start}-01", "end": f"{end}-01"}
                found = connection.execute(_SUMMARY, values).all()
            per_metric = [_drift(row.local, row.stripe, row.items, metric=row.metric) for row in found]
        rows = [row for row in per_metric if isinstance(row, dict)]
        local, stripe = (sum((Decimal(str(row[name])) for row in rows), Decimal(0)) for name in ("local", "stripe"))
        items = sum(int(str(row["items"])) for row in rows)
        overall: Obj = {**_drift(local, stripe, items), "metrics": len(rows)}
        return Answer(json={"periodStart": start, "periodEnd": end, "perMetric": per_metric, "overall": overall})

    def period(self, call: Call) -> Answer:
        """Every report row of one month; 500 in the same shape, emptied, when the database fails."""
        month = call.at["period"]
        if not _is_month(month) or call.one("tenantId") is None:
            return invalid("tenantId and a period YYYY-MM are required")
        broken = self.host.faults.inner("stripemeter", "database")
        reports: list[JsonValue] = []
        if not broken:
            with self.host.engine.connect() as connection:
                rows = connection.execute(_REPORTS, {"tenant": tenant(), "period": f"{month}-01"})
                reports = list(rows.scalars())
        states = [report["status"] for report in reports if isinstance(report, dict)]
        diffs = [float(str(report["diff"])) for report in reports if isinstance(report, dict)]
        summary: Obj = {
            "total": len(states), "ok": states.count("ok"), "investigating": states.count("investigate"),
            "resolved": states.count("resolved"), "maxDiff": max(diffs, default=0),
        }  # fmt: skip
        body: Obj = {"period": month, "reports": reports, "suggestedAdjustments": [], "summary": summary}
        return Answer(status=500 if broken else 200, json=body)

    def run(self, call: Call) -> Answer:
        """Queue a run over ALL tenants; the job id is made up, as upstream."""
        if call.json().get("tenantId") is None:
            return invalid("tenantId is required")
        self.host.reconcile_soon()
        self.host.effects.record(
            "stripemeter",
            "reconciliation.run",
            target=str(tenant()),
            source="http",
            idempotency_key=call.headers.get("idempotency-key"),
        )
        job = f"job_{int(self.host.now().timestamp() * 1000)}"
        return Answer(status=202, json={"message": "Reconciliation job queued", "jobId": job})


def _is_month(value: str | None) -> bool:
    return value is not None and _MONTH.match(value) is not None


def _drift(local: Decimal, stripe: Decimal, items: int, *, metric: str | None = None) -> Obj:
    difference = abs(local - stripe)
    share = float(difference / stripe) if stripe else (1.0 if difference else 0.0)
    found: Obj = {
        "local": float(local), "stripe": float(stripe), "drift_abs": float(difference), "drift_pct": share,
        "items": items,
    }  # fmt: skip
    return {"metric": metric, **found} if metric is not None else found


_SUMMARY = text(
    """select m.metric, sum(r.local_total) as local, sum(r.stripe_total) as stripe,
              count(distinct r.subscription_item_id) as items
       from reconciliation_reports r
       join price_mappings m
         on m.tenant_id = r.tenant_id and m.subscription_item_id = r.subscription_item_id and m.active
       where r.tenant_id = :tenant and r.period_start between cast(:start as date) and cast(:end as date)
       group by 1 order by 1"""
)
_REPORTS = text(
    """select jsonb_build_object(
              'id', id, 'tenantId', tenant_id, 'subscriptionItemId', subscription_item_id, 'periodStart', period_start,
              'localTotal', local_total, 'stripeTotal', stripe_total, 'diff', diff, 'status', status,
              'createdAt', created_at)
       from reconciliation_reports where tenant_id = :tenant and period_start = cast(:period as date)
       order by created_at desc limit 1000"""
)
