"""Aivo's rows of the catalogue, as they are played."""

from tests.kit.catalogue import Deed, Row

# Of another kind of installation, so not asked here.
BACKLOG = {"database_camel": "", "database_payments": "", "recent_camel": "", "recent_payments": ""}
OUT_OF_SYNC = {"suspects_camel": "", "subscriptions_camel": ""}
DUNNING = {"open": ""}


AIVO = (
    Row(
        scenario="webhook-signatures",
        options={"count": 14, "at_once": 14, "events": 3},
        event="aivo.webhooks.failures",
        runbook="aivo/webhook-backlog",
        unanswered=BACKLOG,
        deeds=(Deed(action="resend-one"), Deed(action="resend-undelivered")),
    ),
    Row(
        scenario="webhook-signatures",
        options={"count": 14, "at_once": 14, "events": 0},
        event="aivo.webhooks.signature_invalid",
        runbook="aivo/webhook-signatures",
    ),
    Row(
        scenario="webhook-errors",
        options={"count": 5, "at_once": 5, "events": 0},
        event="aivo.webhooks.processing_errors",
        runbook="aivo/webhook-backlog",
        unanswered=BACKLOG,
    ),
    Row(
        scenario="invoices-failing",
        options={"count": 140, "at_once": 140, "events": 0},
        event="aivo.invoices.failed",
        runbook="aivo/invoices-failed",
    ),
    Row(
        scenario="entitlements-mismatch",
        options={"count": 2},
        event="aivo.entitlements.mismatch",
        runbook="aivo/entitlements-mismatch",
        unanswered={"suspects_camel": "", "active_camel": ""},
        deeds=(Deed(action="recalculate"),),
    ),
    Row(
        scenario="subscriptions-out-of-sync",
        options={"count": 2},
        event="aivo.subscriptions.out_of_sync",
        runbook="aivo/subscription-out-of-sync",
        unanswered=OUT_OF_SYNC,
        deeds=(Deed(action="set-active", undo=True), Deed(action="resend-latest"), Deed(action="recalculate")),
    ),
    Row(
        scenario="charged-twice",
        event="aivo.payments.double_charge",
        runbook="aivo/double-charge",
        unanswered={"doubled_camel": "", "given": "", "account_camel": "", "events_camel": "", "invoices_camel": ""},
    ),
    Row(
        scenario="charged-twice",
        by_hand={"correlation": "correlation"},
        event="aivo.payments.double_charge",
        runbook="aivo/correlation",
        unanswered={"events_camel": "", "stripe_subscriptions": "", "stripe_invoices": ""},
    ),
    Row(scenario="trials-expiring", event="aivo.trials.expiring", runbook="aivo/trials-expiring",
        unanswered={"in_trial_camel": "", "in_trial_payments": ""}),
    Row(
        scenario="dunning-overdue",
        options={"count": 1},
        event="aivo.dunning.overdue",
        runbook="aivo/dunning-state",
        unanswered=DUNNING,
        deeds=(Deed(action="recover"),),
    ),
    # Refused while it is paid; and the runbook takes the one that is overdue where nobody names it.
    Row(
        scenario="dunning-overdue",
        options={"count": 1, "ended": True},
        by_hand={"subscription": "subscription"},
        event="aivo.dunning.overdue",
        runbook="aivo/dunning-state",
        unanswered=DUNNING,
        deeds=(Deed(action="force-downgrade", undo=True),),
        after=("dunning-overdue",),
    ),
    Row(
        scenario="subscriptions-out-of-sync-many",
        event="aivo.subscriptions.out_of_sync_many",
        runbook="aivo/mass-sync",
        deeds=(Deed(action="sync"),),
        after=("subscriptions-out-of-sync",),  # it would put those right too
    ),
)  # fmt: skip

AIVO_LAST = (
    Row(
        scenario="payments-svc-down",
        options={"seconds": 20},
        event="aivo.payments_svc.down",
        runbook="aivo/webhook-backlog",
        unanswered={**BACKLOG, "service": "503"},
        after=tuple({row.scenario for row in AIVO}),
    ),
)
"""Last, for payments-svc's metrics go with it."""

BY_BILLING = (
    Row(
        scenario="entitlements-mismatch",
        options={"count": 1},
        by_hand={},
        event="aivo.entitlements.mismatch",
        runbook="aivo/entitlements-mismatch",
        unanswered={"suspects_camel": "", "active_camel": ""},
        deeds=(Deed(action="sync-billing"),),
    ),
)
"""Where there is no entitlements-svc and billing-svc has a route of its own."""
