"""What a host's sync command does: asks Stripe for each subscription it is given, and writes what Stripe says."""

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from sandbox.world.aivo.inbox import STATUSES
from sandbox.world.aivo.service import AivoService
from sandbox.world.http import Obj
from sandbox.world.stripe.books import Books


class SyncBody(BaseModel):
    """Which subscriptions, and whether anything is written."""

    model_config = ConfigDict(extra="forbid")
    ids: list[str] = Field(max_length=5000)
    execute: bool


def sync(service: AivoService, books: Books, body: SyncBody, *, key: str | None) -> Obj:
    """Count those that differ, or bring them to what Stripe says; it touches no others."""
    known = {str(each["id"]): str(each["status"]) for each in books.all("subscription")}
    with service.engine.begin() as connection:
        rows = connection.execute(_CHOSEN, {"ids": body.ids}).all()
        wanted = {row.id: STATUSES.get(known.get(row.provider_subscription_id, ""), row.status) for row in rows}
        differing = [row for row in rows if wanted[row.id] != row.status]
        if not body.execute:
            return {"pages": 1 + len(known) // 100, "would_change": len(differing)}
        for row in differing:
            values = {"id": row.id, "status": wanted[row.id], "now": service.now(), "audit": f"sync_{key}_{row.id}"}
            for statement in _WRITE:
                connection.execute(statement, values)
    service.effects.record(
        "aivo", "subscriptions.synced", target="subscriptions", source="command", idempotency_key=key,
        detail={"count": len(differing)},
    )  # fmt: skip
    return {"changed": len(differing), "audit_id": f"sync_{len(differing)}"}


_CHOSEN = text(
    """select id, status, provider_subscription_id from subscriptions
       where cast(id as text) = any(cast(:ids as text[])) order by id for update"""
)
_WRITE = (
    text("update subscriptions set status = :status, ended_at = null, updated_at = :now where id = :id"),
    text(
        """insert into payment_events (billing_account_id, provider_event_id, event_type, payload, processed_at,
                                       created_at)
           select billing_account_id, :audit, 'SUBSCRIPTION_SYNCED', '{}', :now, :now from subscriptions where id = :id
           on conflict (provider_event_id) do nothing"""
    ),
)
