"""`POST /v1/replay`: documented by StripeMeter, absent from its public code; here it does what the documents say."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import Connection, text

from sandbox.world.http import Answer, Call, Obj, texts
from sandbox.world.stripemeter.access import invalid, tenant
from sandbox.world.stripemeter.host import LATENESS, StripeMeterHost

_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)


class ReplayBody(BaseModel):
    """What is asked: a window is given by ISO times, `now`, or a duration back from now such as `-PT24H`."""

    model_config = ConfigDict(extra="forbid")
    tenantId: UUID  # noqa: N815 - StripeMeter's words
    metrics: list[str] = Field(min_length=1)
    since: str = "-PT24H"
    until: str = "now"
    mode: Literal["dry-run", "apply"]
    cursor: str | None = None
    watermark: str | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """Re-aggregates the late events of a window; a second apply finds nothing left to do."""

    host: StripeMeterHost

    def __call__(self, call: Call) -> Answer:
        """Dry run or apply; both answer the changes."""
        now = self.host.now()
        try:
            body = ReplayBody.model_validate(call.json())
            since, until = _moment(body.since, now=now), _moment(body.until, now=now)
        except ValidationError as error:
            return invalid("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
        with self.host.engine.begin() as connection:
            known = set(connection.execute(_METRICS, {"tenant": tenant()}).scalars())
            unknown = sorted(set(body.metrics) - known)
            if unknown:
                return invalid(f"metrics: no active mapping for {', '.join(unknown)}")
            changes: Obj = {
                metric: _change(connection, metric, since=since, until=until) for metric in sorted(set(body.metrics))
            }
            if body.mode == "apply":
                for metric in changes:
                    self._apply(connection, metric, since=since, until=until)
        if body.mode == "apply":
            self._tell(call, body, changes)
        return Answer(json=_reply(body, changes, since=since, until=until))

    def _apply(self, connection: Connection, metric: str, *, since: datetime, until: datetime) -> None:
        fresh = self.host.now() - LATENESS
        reason = "late_event" if since >= fresh else "initial"
        self.host.aggregate(connection, tenant=tenant(), metric=metric, since=since, until=until, reason=reason)

    def _tell(self, call: Call, body: ReplayBody, changes: Obj) -> None:
        self.host.effects.record(
            "stripemeter",
            "replay.apply",
            target=f"{body.tenantId}/{','.join(sorted(set(body.metrics)))}",
            source="http",
            idempotency_key=call.headers.get("idempotency-key"),
            detail={"changes": changes},
        )


def _change(connection: Connection, metric: str, *, since: datetime, until: datetime) -> Obj:
    values = {"tenant": tenant(), "metric": metric, "since": since, "until": until}
    row = connection.execute(_FOUND, values).one()
    return {
        "eventsFound": row.found,
        "lateEvents": row.late,
        "counterDelta": float(row.delta),
        "affectedCustomers": texts(row.customers),
    }


def _reply(body: ReplayBody, changes: Obj, *, since: datetime, until: datetime) -> Obj:
    parts = [change for change in changes.values() if isinstance(change, dict)]
    late = sum(int(str(part["lateEvents"])) for part in parts)
    delta = sum(float(str(part["counterDelta"])) for part in parts)
    reply: Obj = {
        "mode": body.mode, "tenantId": str(body.tenantId), "metrics": texts(changes),
        "timeRange": {"since": since.isoformat(), "until": until.isoformat()}, "changes": changes, "cursor": None,
        "watermark": until.isoformat(), "summary": {"lateEvents": late, "counterDelta": delta},
    }  # fmt: skip
    return {**reply, "applied": True} if body.mode == "apply" else reply


def _moment(value: str, *, now: datetime) -> datetime:
    if value == "now":
        return now
    if value.startswith(("-P", "P")):
        return now - abs(_DURATION.validate_python(value))
    return _MOMENT.validate_python(value)


_METRICS = text("select metric from price_mappings where tenant_id = :tenant and active")
_FOUND = text(
    """select count(*) as found, count(l.idempotency_key) as late,
              coalesce(sum(e.quantity) filter (where l.idempotency_key is not null), 0) as delta,
              coalesce(array_agg(distinct e.customer_ref) filter (where l.idempotency_key is not null), '{}')
                as customers
       from events e left join world.late_events l using (idempotency_key)
       where e.tenant_id = :tenant and e.metric = :metric and e.ts >= :since and e.ts < :until"""
)
