"""The thin endpoint a host adds for Countersign (docs propose it; upstream has none), its metrics and its health."""

import hmac
from datetime import UTC, datetime
from typing import TypeVar, assert_never
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from sqlalchemy import text
from starlette.routing import BaseRoute

from sandbox.world.accrue import dlq
from sandbox.world.accrue.host import QUEUES, AccrueHost
from sandbox.world.accrue.jobs import BY_PATH
from sandbox.world.http import Answer, Call, Obj, Work, route, texts
from sandbox.world.replies import Replies, once_by_key

SHOWN_IDS = 500

Body = TypeVar("Body", bound=BaseModel)


class ReplayBody(BaseModel):
    """Replay one."""

    model_config = ConfigDict(extra="forbid")
    event_id: UUID


class BulkReplayBody(BaseModel):
    """Replay by filter; `event_ids` narrows it to the rows a dry run named."""

    model_config = ConfigDict(extra="forbid")
    type: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    dry_run: bool
    event_ids: list[UUID] | None = None

    def filter(self) -> dlq.Filter:
        """The same for the dead-letter queue, in its zoneless UTC."""
        return dlq.Filter(type=self.type, since=_naive(self.since), until=_naive(self.until), event_ids=self.event_ids)


class AccrueRoutes:
    """Everything under /hosts/accrue."""

    def __init__(self, host: AccrueHost) -> None:
        self._host = host
        self._replies = Replies()

    def reset(self) -> None:
        """Forget stored replies."""
        self._replies.reset()

    def all(self) -> list[BaseRoute]:
        """The routes, relative to the host's base URL."""
        return [
            route("/health", self._health, methods=["GET"]),
            route("/metrics", self._metrics, methods=["GET"]),
            route("/exporter/metrics", self._sql_metrics, methods=["GET"]),
            route(
                "/internal/accrue/dlq/replay", self._inside(once_by_key(self._replies, self._replay)), methods=["POST"]
            ),
            route(
                "/internal/accrue/dlq/bulk_replay",
                self._inside(once_by_key(self._replies, self._bulk)),
                methods=["POST"],
            ),
            route("/internal/accrue/dlq/events/{id}", self._inside(self._event), methods=["GET"]),
            route("/internal/accrue/dlq/requests/{key:path}", self._inside(self._request), methods=["GET"]),
            route("/internal/accrue/queues", self._inside(self._queues), methods=["GET"]),
            route(
                "/internal/accrue/queues/{queue}/{verb}",
                self._inside(once_by_key(self._replies, self._pause)),
                methods=["POST"],
            ),
            route(
                "/internal/accrue/jobs/{name}/run",
                self._inside(once_by_key(self._replies, self._run)),
                methods=["POST"],
            ),
            route(
                "/internal/accrue/metered_renewals/{id}/process",
                self._inside(once_by_key(self._replies, self._settle)),
                methods=["POST"],
            ),
        ]

    def _inside(self, work: Work) -> Work:
        """Only for the bearer of the token."""

        def checked(call: Call) -> Answer:
            given = call.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, f"Bearer {self._host.token}".encode()):
                return Answer(status=401, json={"error": "unauthorized"})
            return work(call)

        return checked

    def _health(self, _: Call) -> Answer:
        with self._host.engine.connect() as connection:
            connection.execute(text("select 1"))
        return Answer(json={"status": "ok", "queues_paused": texts(sorted(self._host.paused()))})

    def _metrics(self, _: Call) -> Answer:
        return Answer(text=self._host.meters.text(), media="text/plain; version=0.0.4; charset=utf-8")

    def _sql_metrics(self, _: Call) -> Answer:
        """What postgres_exporter's custom queries would say."""
        with self._host.engine.connect() as connection:
            lines = [f"{name} {connection.execute(query).scalar_one()}" for name, query in _GAUGES]
            stalled = connection.execute(_OLDEST_AVAILABLE).all()
        lines += [f'accrue_sql_oban_oldest_available_seconds{{queue="{row.queue}"}} {row.age}' for row in stalled]
        return Answer(text="\n".join(lines) + "\n", media="text/plain; version=0.0.4; charset=utf-8")

    def _replay(self, call: Call) -> Answer:
        body = _parse(ReplayBody, call)
        if isinstance(body, Answer):
            return body
        result = self._host.replay_one(body.event_id, source=_source(call), key=_key(call))
        match result:
            case dlq.Requeued(event_id=event_id, job_id=job_id):
                return Answer(json={"event_id": str(event_id), "status": "requeued", "job_id": job_id})
            case dlq.Refused(event_id=event_id, reason=reason):
                status = 404 if reason == "not_found" else 409
                return Answer(status=status, json={"error": reason, "event_id": str(event_id)})
            case _:
                assert_never(result)

    def _bulk(self, call: Call) -> Answer:
        body = _parse(BulkReplayBody, call)
        if isinstance(body, Answer):
            return body
        with self._host.engine.connect() as connection:
            ids = dlq.matching(connection, body.filter())
        if len(ids) > dlq.MAX_REPLAY_ROWS:
            refusal: Obj = {"error": "replay_too_large", "total": len(ids), "max": dlq.MAX_REPLAY_ROWS}
            return Answer(status=422, json=refusal)
        shown: Obj = {"event_ids": texts(map(str, ids[:SHOWN_IDS]))}
        if body.dry_run:
            return Answer(json={"requeued": 0, "skipped": 0, "would_requeue": len(ids), **shown})
        requeued, skipped = self._host.replay_many(ids, source=_source(call), key=_key(call))
        # A row that was named and is no longer dead is skipped too: the caller learns that its picture was old.
        skipped += len(set(body.event_ids or []) - set(ids))
        return Answer(json={"requeued": requeued, "skipped": skipped, **shown})

    def _event(self, call: Call) -> Answer:
        event_id = _uuid(call.at["id"])
        if event_id is None:
            return Answer(status=422, json={"error": "invalid_event_id"})
        with self._host.engine.connect() as connection:
            row = connection.execute(_EVENT, {"id": event_id, "worker": dlq.WORKER}).first()
        if row is None:
            return Answer(status=404, json={"error": "not_found", "event_id": str(event_id)})
        times = {name: _iso(getattr(row, name)) for name in ("received_at", "processed_at", "updated_at")}
        return Answer(
            json={
                "event_id": str(event_id),
                "processor": row.processor,
                "processor_event_id": row.processor_event_id,
                "type": row.type,
                "status": row.status,
                "live_job": row.live_job,
                "jobs": row.jobs,
                **times,
            }
        )

    def _request(self, call: Call) -> Answer:
        """What became of a POST, by its Idempotency-Key: for a caller that never got the answer."""
        answer = self._replies.find(call.at["key"])
        if answer is None:
            return Answer(status=404, json={"error": "not_found"})
        return Answer(json={"status": answer.status, "reply": answer.json})

    def _queues(self, _: Call) -> Answer:
        paused = self._host.paused()
        return Answer(json={"queues": [{"name": name, "paused": name in paused} for name in QUEUES]})

    def _pause(self, call: Call) -> Answer:
        queue, verb = call.at["queue"], call.at["verb"]
        if queue not in QUEUES or verb not in ("pause", "resume"):
            return Answer(status=404, json={"error": "not_found"})
        self._host.pause(queue, paused=verb == "pause", source=_source(call), key=_key(call))
        return Answer(json={"queue": queue, "paused": verb == "pause"})

    def _run(self, call: Call) -> Answer:
        """Insert one job of a worker that may be started by hand."""
        worker = BY_PATH.get(call.at["name"])
        if worker is None:
            return Answer(status=404, json={"error": "not_found"})
        job_id = self._host.run(worker, source=_source(call), key=_key(call))
        return Answer(json={"worker": worker, "job_id": job_id})

    def _settle(self, call: Call) -> Answer:
        """Settle one metered renewal window again; it keeps its charge unit."""
        renewal = _uuid(call.at["id"])
        job_id = self._host.settle(renewal, source=_source(call), key=_key(call)) if renewal else None
        if job_id is None:
            return Answer(status=404, json={"error": "not_found"})
        return Answer(json={"metered_renewal_id": str(renewal), "job_id": job_id})


def _parse(model: type[Body], call: Call) -> Body | Answer:
    try:
        return model.model_validate(call.json())
    except ValidationError as invalid:
        problems = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in invalid.errors()]
        return Answer(status=422, json={"error": "invalid_request", "details": texts(problems)})


def _source(call: Call) -> str:
    return call.headers.get("x-accrue-transport", "http")


def _key(call: Call) -> str | None:
    return call.headers.get("idempotency-key")


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None


def _iso(moment: datetime | None) -> str | None:
    return moment.replace(tzinfo=UTC).isoformat() if moment else None


_EVENT = text(
    """select e.processor, e.processor_event_id, e.type, e.status, e.received_at, e.processed_at, e.updated_at,
              count(j.id) as jobs,
              coalesce(bool_or(j.state in ('available', 'scheduled', 'executing', 'retryable')), false) as live_job
       from accrue_webhook_events e
       left join oban_jobs j on j.worker = :worker and j.args->>'webhook_event_id' = cast(e.id as text)
       where e.id = :id group by e.id"""
)
_GAUGES = (
    (
        "accrue_sql_webhooks_processing_stuck",
        text(
            """select count(*) from accrue_webhook_events
               where status = 'processing' and updated_at < (now() at time zone 'utc') - interval '15 minutes'"""
        ),
    ),
    (
        "accrue_sql_webhooks_dead",
        text("select count(*) from accrue_webhook_events where status = 'dead'"),
    ),
)
_OLDEST_AVAILABLE = text(
    """select queue, extract(epoch from (now() at time zone 'utc') - min(scheduled_at)) as age from oban_jobs
       where state = 'available' group by queue"""
)
