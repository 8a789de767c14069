"""Adventive's rows of the catalogue and Stripe's, as they are played; the e-mail has scenarios of its own."""

from tests.kit.catalogue import Deed, Row

_PROBE = {"seconds": 75, "only_probe": True}
_COLLECTED = ("exhaust-dunning", "fail-charges")  # Accrue's rows collect invoices of the same Stripe

ADVENTIVE = (
    Row(
        scenario="refuse-webhooks",
        event="adventive.webhook.undelivered",
        runbook="adventive/webhook-undelivered",
        options={"count": 3},
        deeds=(Deed(action="resend"), Deed(action="resend-all")),
    ),
    Row(
        scenario="fail-rendering",
        event="adventive.pdf.render_failed",
        runbook="adventive/pdf-render-failed",
        options={"count": 1},
        by=("invoice_id",),
        deeds=(Deed(action="render-pdf"),),
    ),
    Row(
        scenario="suppress-invoice-email",
        event="adventive.pdf.render_failed",
        runbook="adventive/pdf-render-failed",
        by_hand={"invoice": "invoice_id"},
        deeds=(Deed(action="render-pdf"), Deed(action="resend")),
    ),
    Row(
        scenario="decline-card",
        event="adventive.invoice.uncollected",
        runbook="adventive/collection",
        by=("invoice_id",),
        deeds=(Deed(action="stop-collection", undo=True), Deed(action="retry-collection")),
        after=_COLLECTED,
    ),
    Row(
        scenario="lose-usage",
        event="adventive.reconciliation.drift",
        runbook="adventive/reconciliation-drift",
        deeds=(Deed(action="reconcile"), Deed(action="post-usage", inputs={"not_billed_twice": "yes"})),
    ),
    Row(
        scenario="miss-reconciliation",
        event="adventive.reconciliation.missed",
        runbook="adventive/daily-reconciliation",
        deeds=(Deed(action="reconcile"),),
        after=("lose-usage",),  # which reconciles
    ),
    Row(
        scenario="open-dispute",
        event="adventive.dispute.opened",
        runbook="adventive/dispute",
        by=("dispute_id",),
    ),
    Row(
        scenario="worker-away",
        event="adventive.worker.down",
        runbook="adventive/worker-health",
        options=_PROBE,
    ),
    Row(
        scenario="no-stripe",
        event="adventive.stripe.disconnected",
        runbook="adventive/secret-rotation",
        options=_PROBE,
    ),
    Row(
        scenario="ask-refund",
        event="adventive.refund.requested",
        runbook="adventive/refund",
    ),
    Row(
        scenario="ask-new-card",
        event="adventive.payment_method.requested",
        runbook="adventive/payment-method",
    ),
    Row(
        scenario="doubt-amount",
        event="adventive.invoice.amount_disputed",
        runbook="adventive/invoice-amount",
    ),
    Row(
        scenario="miss-bookings",
        event="adventive.acodei.sync_stale",
        runbook="adventive/acodei-sync",
        deeds=(Deed(action="reconcile"),),
        after=("miss-reconciliation",),
    ),
    Row(scenario="deploy-worker", event="adventive.worker.deployed", runbook="adventive/deploy"),
    Row(event="adventive.month_end", runbook="adventive/month-end", by_hand={}),
    Row(
        scenario="decline-card",
        event="stripe.invoice.looked_up",
        runbook="stripe/invoice",
        by_hand={"invoice": "invoice_id"},
        deeds=(Deed(action="stop-collection", undo=True), Deed(action="retry-collection")),
        after=_COLLECTED,
    ),
    Row(
        scenario="refuse-webhooks",
        event="stripe.event.looked_up",
        runbook="stripe/event",
        options={"count": 1},
        by_hand={"event": "event_id", "endpoint": "endpoint_id"},
        deeds=(Deed(action="resend"),),
        after=("refuse-webhooks",),  # which sends all again that wait
    ),
)
