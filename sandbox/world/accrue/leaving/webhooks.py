"""What webhook events leave: dead, stuck, replayed, or of a version that nobody reads."""

from datetime import datetime, timedelta

from sandbox.world.accrue import rows
from sandbox.world.accrue.leaving import usage
from sandbox.world.accrue.leaving.ground import Ground
from sandbox.world.http import Obj


def replays(ground: Ground) -> Obj:
    """An admin's bulk replay: rows of the audit trail, one per event."""
    for _ in range(3):
        event = ground.some("accrue_webhook_events", "status = 'succeeded'")
        rows.put(
            ground.connection, "accrue_events", type="admin.webhook.bulk_replay.completed", actor_type="admin",
            subject_type="WebhookEvent", subject_id=str(event["id"]), data={}, inserted_at=ground.now,
        )  # fmt: skip
    return {}


def unknown_version(ground: Ground) -> Obj:
    """A ledger row whose schema version the running release does not know."""
    event = rows.put(
        ground.connection, "accrue_events", type="invoice.finalized", schema_version=3, actor_type="webhook",
        subject_type="Invoice", subject_id=str(ground.some("accrue_invoices", "true")["id"]),
        data={"note": ground.ids.person().email}, inserted_at=ground.now,
    )  # fmt: skip
    return {"event_id": event, "type": "invoice.finalized", "schema_version": 3}


def _webhook(ground: Ground, *, type_: str, status: str, at: datetime, processor: str = "stripe") -> str:
    made = rows.put(
        ground.connection, "accrue_webhook_events", processor=processor, processor_event_id=ground.ids.stripe("evt"),
        type=type_, status=status, raw_body=b'{"secret": "raw body of an event"}', received_at=at, inserted_at=at,
        data={"object": {"email": ground.ids.person().email}}, updated_at=at,
    )  # fmt: skip
    error = f"** (RuntimeError) could not handle the event for {ground.ids.person().email}"
    rows.change(
        ground.connection,
        """insert into oban_jobs (state, queue, worker, args, errors, attempt, max_attempts, inserted_at, scheduled_at,
             attempted_at, discarded_at)
           values (:state, 'accrue_webhooks', 'Accrue.Webhook.DispatchWorker',
             jsonb_build_object('webhook_event_id', cast(:event as text)),
             array[jsonb_build_object('at', cast(:at as text), 'attempt', 25, 'error', cast(:error as text))], 25, 25,
             :at, :at, :at, case when :state = 'discarded' then cast(:at as timestamp) end) returning id""",
        event=made, at=at, error=error, state="executing" if status == "processing" else "discarded",
    )  # fmt: skip
    return made


def error_report(ground: Ground) -> Obj:
    """Stripe reports a meter error by webhook; the handler marked the usage failed, then died of something else."""
    touched = usage.failed_usage(ground)
    received = ground.now - timedelta(minutes=45)
    event = _webhook(ground, type_="v1.billing.meter.error_report_triggered", status="failed", at=received)
    return {**touched, "webhook_event_id": event}


def dead_checkout(ground: Ground) -> Obj:
    """The local portal's completion of a checkout dies: the mounted path answered nobody."""
    event = _webhook(
        ground, type_="accrue.portal.checkout.completed", status="dead", at=ground.now, processor="braintree"
    )
    return {"event_id": event, "type": "accrue.portal.checkout.completed"}


def growing_queue(ground: Ground) -> Obj:
    """Dead letters of one type, dying one after the other for an hour."""
    kind, first = "invoice.payment_succeeded", ground.now - timedelta(minutes=40)
    made = [
        _webhook(ground, type_=kind, status="dead", at=first - timedelta(minutes=2 * number))
        for number in range(ground.count)
    ]
    return {"event_ids": list(made), "type": kind}


def stuck_webhooks(ground: Ground) -> Obj:
    """The node died while it worked on these; nothing takes them up again."""
    stuck = [
        _webhook(ground, type_="invoice.updated", status="processing", at=ground.now - timedelta(minutes=20 + n))
        for n in range(ground.count)
    ]
    return {"event_ids": list(stuck)}
