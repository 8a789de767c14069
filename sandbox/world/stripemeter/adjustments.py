"""The `/v1/adjustments` and `/v1/events/backfill` routes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import text

from sandbox.world.http import Answer, Call
from sandbox.world.stripemeter.access import invalid, tenant
from sandbox.world.stripemeter.host import StripeMeterHost

# ruff: noqa: N815 - the fields are StripeMeter's words


class AdjustmentBody(BaseModel):
    """A correction of a counter."""

    model_config = ConfigDict(extra="forbid")
    tenantId: UUID
    metric: str
    customerRef: str
    periodStart: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    delta: float
    reason: Literal["backfill", "correction", "promo", "credit", "manual"]
    requestId: str | None = None
    note: str | None = None


class BackfillEvent(BaseModel):
    """One event handed in late."""

    model_config = ConfigDict(extra="forbid")
    customerRef: str
    quantity: float
    ts: AwareDatetime
    idempotencyKey: str


class BackfillBody(BaseModel):
    """Events for a period that is open or closed."""

    model_config = ConfigDict(extra="forbid")
    tenantId: UUID
    metric: str
    periodStart: str
    periodEnd: str | None = None
    events: list[BackfillEvent] = Field(max_length=5000)
    reason: str


@dataclass(frozen=True, slots=True)
class Adjustments:
    """Create (no id comes back, as upstream), list, approve, revert, backfill."""

    host: StripeMeterHost

    def create(self, call: Call) -> Answer:
        """A pending adjustment; it counts only once approved."""
        try:
            body = AdjustmentBody.model_validate(call.json())
        except ValidationError as error:
            return invalid(str(error.errors()[0]["msg"]))
        with self.host.engine.begin() as connection:
            connection.execute(_CREATE, {**body.model_dump(), "tenant": tenant(), "now": self.host.now()})
        self.host.api_meters.inc("api_adjustments_created_total", org=str(tenant()), reason=body.reason)
        self._record("adjustment.create", body.requestId or body.customerRef, call)
        return Answer(status=201, json={"ok": True})

    def list(self, call: Call) -> Answer:
        """Newest first; narrowed by metric, customerRef and status."""
        wanted = {"metric": call.one("metric"), "customer": call.one("customerRef"), "status": call.one("status")}
        with self.host.engine.connect() as connection:
            rows = list(connection.execute(_LIST, {"tenant": tenant(), **wanted}).scalars())
        return Answer(json={"adjustments": rows})

    def show(self, call: Call) -> Answer:
        """One."""
        with self.host.engine.connect() as connection:
            row = connection.execute(_ONE, {"id": _uuid(call.at["id"])}).scalar()
        return Answer(status=404, json={"error": "Not found"}) if row is None else Answer(json=row)

    def approve(self, call: Call) -> Answer:
        """From pending; approving again says `already`."""
        return self._move(call, "approved")

    def revert(self, call: Call) -> Answer:
        """From approved."""
        return self._move(call, "reverted")

    def _move(self, call: Call, to: Literal["approved", "reverted"]) -> Answer:
        values = {"id": _uuid(call.at["id"]), "now": self.host.now()}
        with self.host.engine.begin() as connection:
            status = connection.execute(_LOCK, values).scalar()
            if status is None:
                return Answer(status=404, json={"error": "Not found"})
            if to == "approved" and status == "approved":
                return Answer(json={"ok": True, "already": True})
            if to == "approved" and status == "reverted":
                return Answer(status=400, json={"error": "Already reverted"})
            if to == "reverted" and status != "approved":
                return Answer(status=400, json={"error": "Only approved adjustments can be reverted"})
            connection.execute(_APPROVE if to == "approved" else _REVERT, values)
        self.host.api_meters.inc(f"api_adjustments_{to}_total", org=str(tenant()))
        self._record(f"adjustment.{'approve' if to == 'approved' else 'revert'}", call.at["id"], call)
        return Answer(json={"ok": True})

    def backfill(self, call: Call) -> Answer:
        """Store the events (known keys are duplicates) and count everything late of that metric."""
        try:
            body = BackfillBody.model_validate(call.json())
        except ValidationError as error:
            return invalid(str(error.errors()[0]["msg"]))
        now = self.host.now()
        with self.host.engine.begin() as connection:
            fresh = 0
            for event in body.events:
                row = {**event.model_dump(), "tenant": tenant(), "metric": body.metric, "now": now}
                fresh += connection.execute(_INGEST, row).rowcount
            epoch = datetime(2000, 1, 1, tzinfo=UTC)
            self.host.aggregate(
                connection,
                tenant=tenant(),
                metric=body.metric,
                since=epoch,
                until=now + timedelta(days=1),
                reason="late_event",
            )
            operation = connection.execute(
                _OPERATION,
                {
                    "tenant": tenant(), "metric": body.metric, "start": body.periodStart, "end": body.periodEnd,
                    "reason": body.reason, "total": len(body.events), "duplicates": len(body.events) - fresh,
                    "now": now,
                },
            ).scalar_one()  # fmt: skip
        self._record("events.backfill", str(operation), call)
        message = "Backfill operation queued"
        return Answer(json={"operationId": str(operation), "status": "pending", "message": message})

    def _record(self, action: str, target: str, call: Call) -> None:
        key = call.headers.get("idempotency-key")
        self.host.effects.record("stripemeter", action, target=target, source="http", idempotency_key=key)


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


_ROW = """jsonb_build_object(
    'id', id, 'tenantId', tenant_id, 'metric', metric, 'customerRef', customer_ref, 'periodStart', period_start,
    'delta', delta, 'reason', reason, 'actor', actor, 'status', status, 'requestId', request_id, 'note', note,
    'createdAt', created_at)"""
_CREATE = text(
    """insert into adjustments (tenant_id, metric, customer_ref, period_start, delta, reason, actor, request_id, note,
                                created_at)
       values (:tenant, :metric, :customerRef, cast(:periodStart as date), :delta, :reason, 'api', :requestId, :note,
               :now)"""
)
_LIST = text(
    f"""select {_ROW} from adjustments
        where tenant_id = :tenant and (cast(:metric as text) is null or metric = :metric)
          and (cast(:customer as text) is null or customer_ref = :customer)
          and (cast(:status as text) is null or status = :status)
        order by created_at desc limit 200"""
)
_ONE = text(f"select {_ROW} from adjustments where id = :id")
_LOCK = text("select status from adjustments where id = :id for update")
_APPROVE = text("update adjustments set status = 'approved', approved_by = 'api', approved_at = :now where id = :id")
_REVERT = text("update adjustments set status = 'reverted', reverted_by = 'api', reverted_at = :now where id = :id")
_INGEST = text(
    """with new as (
         insert into events (idempotency_key, tenant_id, metric, customer_ref, quantity, ts, source, inserted_at)
         values (:idempotencyKey, :tenant, :metric, :customerRef, :quantity, :ts, 'backfill', :now)
         on conflict (idempotency_key) do nothing returning idempotency_key)
       insert into world.late_events select idempotency_key from new"""
)
_OPERATION = text(
    """insert into backfill_operations (tenant_id, metric, period_start, period_end, status, reason, actor,
         total_events, processed_events, duplicate_events, source_type, started_at, completed_at, created_at,
         updated_at)
       values (:tenant, :metric, :start, :end, 'completed', :reason, 'api', :total, :total - :duplicates, :duplicates,
               'json', :now, :now, :now, :now) returning id"""
)
