"""What a bot may read in an Accrue host's database: no raw bodies, no payloads, nobody's name or address."""

READABLE: dict[str, tuple[str, ...]] = {
    "accrue_webhook_events": (
        "id", "processor", "processor_event_id", "type", "livemode", "status", "received_at", "processed_at",
        "endpoint", "inserted_at", "updated_at",
    ),
    "accrue_events": (
        "id", "type", "schema_version", "actor_type", "actor_id", "subject_type", "subject_id", "trace_id",
        "idempotency_key", "inserted_at", "caused_by_event_id", "caused_by_webhook_event_id",
    ),
    "accrue_subscriptions": (
        "id", "customer_id", "processor", "processor_id", "status", "current_period_start", "current_period_end",
        "cancel_at", "canceled_at", "ended_at", "cancel_at_period_end", "past_due_since",
        "dunning_sweep_attempted_at", "dunning_campaign_started_at", "last_stripe_event_ts", "last_stripe_event_id",
        "inserted_at", "updated_at",
    ),
    "accrue_invoices": (
        "id", "customer_id", "subscription_id", "processor", "processor_id", "status", "total_minor",
        "amount_due_minor", "amount_paid_minor", "amount_remaining_minor", "currency", "period_start", "period_end",
        "due_date", "paid_at", "finalized_at", "last_finalization_error_code", "last_stripe_event_ts",
        "last_stripe_event_id", "inserted_at", "updated_at",
    ),
    "accrue_charges": (
        "id", "customer_id", "subscription_id", "processor", "processor_id", "amount_cents", "currency", "status",
        "stripe_fee_amount_minor", "stripe_fee_currency", "fees_settled_at", "inserted_at", "updated_at",
    ),
    "accrue_refunds": (
        "id", "charge_id", "stripe_id", "processor_id", "amount_minor", "currency", "status",
        "stripe_fee_refunded_amount_minor", "merchant_loss_amount_minor", "fees_settled_at", "inserted_at",
        "updated_at",
    ),
    "accrue_customers": (
        "id", "owner_type", "owner_id", "processor", "processor_id", "default_payment_method_id", "inserted_at",
        "updated_at",
    ),
    "accrue_meter_events": (
        "id", "customer_id", "stripe_customer_id", "event_name", "value", "identifier", "occurred_at", "reported_at",
        "stripe_status", "stripe_error", "operation_id", "meter_definition_id", "metered_renewal_id", "billing_status",
        "billing_error", "inserted_at", "updated_at",
    ),
    "accrue_meter_definitions": (
        "id", "subscription_item_id", "processor", "event_name", "price_id", "aggregation_mode", "active",
        "inserted_at", "updated_at",
    ),
    "accrue_metered_renewals": (
        "id", "subscription_id", "customer_id", "processor", "state", "period_start", "period_end", "trigger_source",
        "last_processor_event_id", "last_processor_event_ts", "invoice_id", "invoice_status", "invoice_authored_at",
        "paid_at", "inserted_at", "updated_at",
    ),
    "accrue_metered_charge_attempts": (
        "id", "metered_renewal_id", "status", "processor_charge_id", "failure_class", "failure_code",
        "original_failure_class", "original_failure_code", "retry_at", "paid_at", "inserted_at", "updated_at",
    ),
    "accrue_payment_methods": (
        "id", "customer_id", "processor", "type", "is_default", "exp_month", "exp_year", "inserted_at", "updated_at",
    ),
    "accrue_discount_mappings": (
        "id", "processor", "code", "discount_id", "coupon_id", "active", "invalid_reason", "inserted_at", "updated_at",
    ),
    "accrue_checkout_sessions": (
        "id", "customer_id", "processor", "processor_id", "status", "mode", "ui_mode", "line_items_count",
        "completed_at", "expires_at", "inserted_at", "updated_at",
    ),
    "accrue_connect_accounts": (
        "id", "stripe_account_id", "type", "country", "charges_enabled", "details_submitted", "payouts_enabled",
        "capabilities", "requirements", "deauthorized_at", "inserted_at", "updated_at",
    ),
    "oban_jobs": (
        "id", "state", "queue", "worker", "args", "errors", "attempt", "max_attempts", "inserted_at", "scheduled_at",
        "attempted_at", "completed_at", "discarded_at", "cancelled_at",
    ),
}  # fmt: skip
