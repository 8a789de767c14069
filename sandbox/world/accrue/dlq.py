"""The dead-letter queue of an Accrue host, with the semantics of `Accrue.Webhooks.DLQ`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, text

WORKER = "Accrue.Webhook.DispatchWorker"
QUEUE = "accrue_webhooks"
MAX_ATTEMPTS = 25
MAX_REPLAY_ROWS = 10_000

Refusal: TypeAlias = Literal["not_found", "already_replayed", "not_dead_lettered", "live_job"]


@dataclass(frozen=True, slots=True)
class Requeued:
    """The row is `received` again and has a fresh job."""

    event_id: UUID
    job_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed."""

    event_id: UUID
    reason: Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which dead letters; all parts are optional and narrow each other."""

    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    event_ids: Sequence[UUID] | None = None


_LIVE = "state in ('available', 'scheduled', 'executing', 'retryable')"
_LIVE_JOB = text(
    f"""select 1 from oban_jobs
        where worker = :worker and args->>'webhook_event_id' = cast(:id as text) and {_LIVE} limit 1"""
)
_MATCHING = text(
    f"""select id from accrue_webhook_events
       where status in ('dead', 'failed')
         and (cast(:type as text) is null or type = :type)
         and (cast(:since as timestamp) is null or inserted_at >= :since)
         and (cast(:until as timestamp) is null or inserted_at <= :until)
         and (cast(:ids as uuid[]) is null or id = any(cast(:ids as uuid[])))
         and not exists (select 1 from oban_jobs j where j.worker = :worker and {_LIVE}
                         and j.args->>'webhook_event_id' = cast(accrue_webhook_events.id as text))
       order by inserted_at, id"""
)


def requeue(connection: Connection, event_id: UUID, *, now: datetime) -> Requeued | Refused:
    """Put one dead or failed event back: status, a new job and the audit row in the caller's transaction.

    `now` is UTC without a zone, as Accrue's columns are. The audit row is keyed by the processor's event id, so a
    second replay of one event leaves no second row.
    """
    row = connection.execute(
        text("select status, processor_event_id from accrue_webhook_events where id = :id for update"),
        {"id": event_id},
    ).first()
    if row is None:
        return Refused(event_id, "not_found")
    if row.status == "replayed":
        return Refused(event_id, "already_replayed")
    if row.status not in ("dead", "failed"):
        return Refused(event_id, "not_dead_lettered")
    if connection.execute(_LIVE_JOB, {"worker": WORKER, "id": event_id}).first():
        return Refused(event_id, "live_job")
    connection.execute(
        text("update accrue_webhook_events set status = 'received', updated_at = :now where id = :id"),
        {"id": event_id, "now": now},
    )
    job_id = insert_job(connection, event_id, now=now)
    connection.execute(
        text(
            """insert into accrue_events (type, actor_type, subject_type, subject_id, data, idempotency_key,
                                          inserted_at, caused_by_webhook_event_id)
               values ('webhook.replay_requested', 'admin', 'WebhookEvent', cast(:id as text),
                       jsonb_build_object('original_status', cast(:status as text)), :key, :now, :id)
               on conflict (idempotency_key) where idempotency_key is not null do nothing"""
        ),
        {"id": event_id, "status": row.status, "key": f"replay:{row.processor_event_id}", "now": now},
    )
    return Requeued(event_id, job_id)


def insert_job(connection: Connection, event_id: UUID, *, now: datetime) -> int:
    """A fresh dispatch job with all its attempts."""
    job_id: int = connection.execute(
        text(
            """insert into oban_jobs (state, queue, worker, args, max_attempts, inserted_at, scheduled_at)
               values ('available', :queue, :worker, jsonb_build_object('webhook_event_id', cast(:id as text)),
                       :max, :now, :now) returning id"""
        ),
        {"queue": QUEUE, "worker": WORKER, "id": event_id, "max": MAX_ATTEMPTS, "now": now},
    ).scalar_one()
    return job_id


def matching(connection: Connection, wanted: Filter) -> list[UUID]:
    """The dead and failed events without a live job that a bulk replay would take, oldest first."""
    values = {"type": wanted.type, "since": wanted.since, "until": wanted.until, "worker": WORKER}
    ids = None if wanted.event_ids is None else [str(event_id) for event_id in wanted.event_ids]
    return list(connection.execute(_MATCHING, {**values, "ids": ids}).scalars())
