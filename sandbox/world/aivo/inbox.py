"""payments-svc's webhook door, as upstream's code behaves: what it cannot process it answers 200 all the same."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from sandbox.world.aivo.service import AivoService
from sandbox.world.http import Obj

ENDPOINT = "https://api.aivo.example/payments/webhook/stripe"
STATUSES = {"active": "ACTIVE", "trialing": "IN_TRIAL", "past_due": "PAST_DUE", "canceled": "CANCELED"}


def receive(service: AivoService, event: Obj) -> bool:
    """Take one event; False when it is answered 400 or not at all."""
    if service.is_down():
        return False
    if service.troubles.lasts("invalid_signature"):
        service.troubles.count("invalid_signature")
        return False
    if service.troubles.lasts("processing_error"):
        service.troubles.count("processing_error")
        return True
    service.code_meters.inc("billing_webhook_events_total", event_type=str(event["type"]), provider="STRIPE")
    try:
        _process(service, event)
    except IntegrityError:  # it keeps the object's id where the event's belongs: the second one about it collides
        service.troubles.count("processing_error")
    return True


def _process(service: AivoService, event: Obj) -> None:
    data = event["data"]
    subject: Any = data["object"] if isinstance(data, dict) else None
    if not isinstance(subject, Mapping) or subject.get("object") != "subscription":
        return
    values = {
        "key": subject["id"], "type": event["type"], "event": event["id"], "now": service.now(),
        "status": STATUSES.get(str(subject["status"]), "EXPIRED"),
    }  # fmt: skip
    with service.engine.begin() as connection:
        for statement in _PROCESS:
            connection.execute(statement, values)
    service.effects.record("aivo", "webhook.processed", target=str(event["id"]), source="webhook")


_PROCESS = (
    text(
        """insert into payment_events (billing_account_id, provider_event_id, event_type, payload, processed_at,
                                       created_at)
           select s.billing_account_id, :key, :type,
                  jsonb_build_object('id', cast(:event as text), 'correlationId', gen_random_uuid()), :now, :now
           from subscriptions s where s.provider_subscription_id = :key"""
    ),
    text(
        """update subscriptions set status = :status, ended_at = null, updated_at = :now
           where provider_subscription_id = :key"""
    ),
)
