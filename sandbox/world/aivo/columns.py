"""What a bot may read and write in Aivo's database."""

READABLE: dict[str, tuple[str, ...]] = {
    "billing_accounts": ("id", "tenant_id", "account_type", "provider", "provider_customer_id", "created_at"),
    "subscriptions": (
        "id", "billing_account_id", "plan_id", "status", "quantity", "provider_subscription_id",
        "trial_start_at", "trial_end_at",
        "current_period_start", "current_period_end", "cancel_at_period_end", "canceled_at", "ended_at", "updated_at",
    ),
    "invoices": (
        "id", "billing_account_id", "provider_invoice_id", "amount_cents", "amount_due_cents", "amount_paid_cents",
        "currency", "status", "period_start", "period_end", "issued_at", "due_at", "paid_at",
    ),
    "payment_events": (
        "id", "billing_account_id", "provider", "provider_event_id", "event_type", "processed_at", "created_at",
    ),
    "payment_event_correlations": (
        "id", "billing_account_id", "provider_event_id", "event_type", "created_at", "processed_at", "correlation_id",
    ),
    "dunning_records": (
        "id", "subscription_id", "tenant_id", "first_failure_at", "latest_failure_at", "failure_count",
        "day0_notified_at", "day3_notified_at", "day7_notified_at", "limited_mode_at", "resolved_at",
        "resolution_type", "stripe_invoice_id",
    ),
    "dunning_events": (
        "id", "subscription_id", "step", "step_started_at", "scheduled_for", "completed", "completed_at",
        "completion_reason",
    ),
    "entitlements": ("id", "tenant_id", "module", "active", "updated_at"),
}  # fmt: skip

# The kill switch, a status that is set by hand, and their undos touch these and nothing else.
WRITABLE = {
    "dunning_events": ("completed", "completed_at", "completion_reason"),
    "subscriptions": ("status",),
}
