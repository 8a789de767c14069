"""Accrue's rows of the catalogue, as they are played."""

from tests.kit.catalogue import Deed, Row

ACCRUE = (
    Row(
        scenario="replay-webhooks",
        event="accrue.ops.webhook_dlq.replay",
        runbook="accrue/webhook-replayed",
    ),
    Row(scenario="stop-pruning", event="accrue.ops.webhook_dlq.prune", runbook="accrue/webhook-prune"),
    Row(
        scenario="fail-upcast",
        event="accrue.ops.events_upcast_failed",
        runbook="accrue/events-upcast-failed",
        unanswered={"webhook": "does not hold"},
        deeds=(Deed(action="pause-dispatch", undo=True),),
        after=("fail-meter-webhook", "grow-dlq"),  # their replays need the queue that this one pauses
    ),
    Row(
        scenario="fail-meter-sync",
        event="accrue.ops.meter_reporting_failed",
        runbook="accrue/meter-reporting-failed",
        labels={"source": "sync"},
        either=("jobs",),
    ),
    Row(
        scenario="fail-meter-reconciler",
        event="accrue.ops.meter_reporting_failed",
        runbook="accrue/meter-reporting-failed",
        labels={"source": "reconciler"},
        either=("jobs",),
        deeds=(Deed(action="run-reconciler"),),
    ),
    Row(
        scenario="fail-meter-webhook",
        event="accrue.ops.meter_reporting_failed",
        runbook="accrue/meter-reporting-failed",
        labels={"source": "webhook"},
        deeds=(Deed(action="replay-report"),),
    ),
    Row(
        scenario="repair-stale-renewal",
        event="accrue.ops.metered_renewal_stale_repaired",
        runbook="accrue/metered-renewal-repaired",
        deeds=(Deed(action="run-reconciler"),),
        after=("miss-meter-definition",),  # the reconciler settles every window that waits
    ),
    Row(
        scenario="miss-meter-definition",
        event="accrue.ops.metered_missing_definition",
        runbook="accrue/metered-missing-definition",
        deeds=(Deed(action="replay-window"),),
    ),
    Row(
        scenario="await-payment-method",
        event="accrue.ops.metered_charge_awaiting_payment_method",
        runbook="accrue/metered-charge-awaiting",
        deeds=(Deed(action="replay-window"),),
    ),
    Row(
        scenario="exhaust-metered-charge",
        event="accrue.ops.metered_charge_failed_exhausted",
        runbook="accrue/metered-charge-exhausted",
        deeds=(Deed(action="replay-window"),),
    ),
    Row(
        scenario="lose-revenue",
        event="accrue.ops.revenue_loss",
        runbook="accrue/revenue-loss",
    ),
    Row(
        scenario="exhaust-dunning",
        event="accrue.ops.dunning_exhaustion",
        runbook="accrue/dunning",
        deeds=(Deed(action="pause-queue", undo=True), Deed(action="retry-collection")),
    ),
    Row(
        scenario="start-dunning-campaigns",
        event="accrue.ops.dunning_campaign_started",
        runbook="accrue/dunning-campaign",
        deeds=(Deed(action="pause-queue", undo=True),),
        after=("exhaust-dunning",),  # which pauses the same queue
    ),
    Row(
        scenario="climb-dunning-steps",
        event="accrue.ops.dunning_step_sent",
        runbook="accrue/dunning-campaign",
    ),
    Row(scenario="recover-dunning", event="accrue.ops.dunning_recovered", runbook="accrue/dunning-recovered"),
    Row(
        scenario="fail-charges",
        event="accrue.ops.charge_failed",
        runbook="accrue/charge-failed",
        deeds=(Deed(action="retry-collection"),),
    ),
    Row(scenario="expire-incomplete", event="accrue.ops.incomplete_expired", runbook="accrue/incomplete-expired"),
    Row(scenario="lose-pdf", event="accrue.ops.pdf_adapter_unavailable", runbook="accrue/pdf-unavailable"),
    Row(
        scenario="deauthorize-account",
        event="accrue.ops.connect_account_deauthorized",
        runbook="accrue/connect-deauthorized",
    ),
    Row(
        scenario="lose-capability",
        event="accrue.ops.connect_capability_lost",
        runbook="accrue/connect-capability-lost",
        labels={"capability": "transfers"},
    ),
    Row(scenario="fail-payout", event="accrue.ops.connect_payout_failed", runbook="accrue/connect-payout-failed"),
    Row(
        scenario="break-discount-mapping",
        event="accrue.ops.discount_mapping_invalid",
        runbook="accrue/discount-mapping-invalid",
        unanswered={"coupon": "No such coupon"},
    ),
    Row(
        scenario="fail-customer-sync",
        event="accrue.ops.customer_projection_sync_failed",
        runbook="accrue/customer-sync-failed",
    ),
    Row(
        scenario="truncate-entitlements",
        event="accrue.ops.entitlement_summary_truncated",
        runbook="accrue/entitlement-summary-truncated",
    ),
    Row(
        scenario="fail-portal",
        event="accrue.billing.billing_portal.create.exception",
        runbook="accrue/sessions-failed",
        labels={"resource": "billing_portal"},
    ),
    Row(
        scenario="fail-checkout",
        event="accrue.billing.checkout_session.create.exception",
        runbook="accrue/sessions-failed",
        labels={"resource": "checkout_session"},
    ),
)
"""What is counted; dead letters have a scenario of their own."""

CHECKED = (
    Row(scenario="stick-webhooks", event="accrue.webhooks.stuck", runbook="accrue/webhooks-stuck"),
    Row(
        scenario="grow-dlq",
        event="accrue.webhooks.dlq_growth",
        runbook="accrue/webhook-dead-lettered",
        unanswered={"portal": "does not hold", "event": "No such event"},
        deeds=(Deed(action="replay-type", inputs={"type": "invoice.payment_succeeded", "since": "6h"}),),
        after=("fail-meter-webhook",),  # the newest dead webhook is to be one of these
    ),
    Row(
        scenario="stall-mail",
        event="accrue.oban.queue_stalled",
        runbook="accrue/queue-stalled",
        labels={"queue": "accrue_mailers"},
        unanswered={"usage": "does not hold", "webhooks": "does not hold"},
        deeds=(Deed(action="resume-queue", undo=True),),
    ),
    Row(
        scenario="stall-meters",
        event="accrue.oban.queue_stalled",
        runbook="accrue/queue-stalled",
        labels={"queue": "accrue_meters"},
        unanswered={"mail": "does not hold", "webhooks": "does not hold"},
        deeds=(Deed(action="resume-queue"),),
        # All of these need the queue that this break pauses.
        after=(
            "fail-meter-reconciler",
            "repair-stale-renewal",
            "miss-meter-definition",
            "await-payment-method",
            "exhaust-metered-charge",
        ),
    ),
    Row(
        scenario="leave-charge-fees",
        event="accrue.fees.drift",
        runbook="accrue/fee-drift",
        labels={"kind": "charge"},
        deeds=(Deed(action="settle-charge-fees"),),
    ),
    Row(
        scenario="leave-refund-fees",
        event="accrue.fees.drift",
        runbook="accrue/fee-drift",
        labels={"kind": "refund"},
        deeds=(Deed(action="settle-refund-fees"),),
    ),
    Row(
        scenario="leave-charge-fees",
        event="accrue.ops.revenue_loss",
        runbook="accrue/revenue-loss",
        by_hand={},
        deeds=(Deed(action="settle-charge-fees"),),
        after=("leave-charge-fees", "lose-revenue"),
    ),
    Row(
        scenario="leave-refund-fees",
        event="accrue.ops.revenue_loss",
        runbook="accrue/revenue-loss",
        by_hand={},
        deeds=(Deed(action="settle-refund-fees"),),
        after=("leave-refund-fees", "lose-revenue"),
    ),
    Row(
        scenario="open-dispute",
        event="accrue.object.looked_up",
        runbook="accrue/object",
        by_hand={"object": "charge"},
        unanswered=dict.fromkeys(("invoice", "subscription", "refund", "customer", "event"), "does not hold"),
    ),
    Row(
        scenario="skip-expiring-cards",
        event="accrue.cards.expiry_job_missing",
        runbook="accrue/expiring-cards",
        deeds=(Deed(action="warn-now"),),
    ),
)
"""What scheduled checks find, and what somebody looks up."""

BY_RELEASE = (
    Row(
        scenario="dead-letter-webhooks",
        options={"count": 1},
        by_hand={},
        event="accrue.ops.webhook_dlq.dead_lettered",
        runbook="accrue/webhook-dead-lettered",
        unanswered={"portal": "does not hold"},
        deeds=(Deed(action="replay-by-release"),),
    ),
)
"""Where the host offers a release command and no endpoint."""
