"""What a bot may read in StripeMeter's database: sums, states and times; no metadata, notes or uploaded data."""

READABLE: dict[str, tuple[str, ...]] = {
    "events": (
        "idempotency_key", "tenant_id", "metric", "customer_ref", "resource_id", "quantity", "ts", "source",
        "inserted_at",
    ),
    "counters": (
        "tenant_id", "metric", "customer_ref", "period_start", "period_end", "agg_sum", "agg_max", "agg_last",
        "watermark_ts", "updated_at",
    ),
    "write_log": (
        "tenant_id", "stripe_account", "subscription_item_id", "period_start", "pushed_total", "last_request_id",
        "updated_at",
    ),
    "reconciliation_reports": (
        "id", "tenant_id", "subscription_item_id", "period_start", "local_total", "stripe_total", "diff", "status",
        "created_at",
    ),
    "adjustments": (
        "id", "tenant_id", "metric", "customer_ref", "period_start", "delta", "reason", "actor", "status",
        "approved_at", "reverted_at", "request_id", "created_at",
    ),
    "price_mappings": (
        "id", "tenant_id", "metric", "aggregation", "stripe_account", "price_id", "subscription_item_id", "currency",
        "active", "shadow",
    ),
    "backfill_operations": (
        "id", "tenant_id", "metric", "period_start", "period_end", "status", "reason", "total_events",
        "processed_events", "failed_events", "duplicate_events", "source_type", "error_message", "created_at",
        "completed_at",
    ),
}  # fmt: skip
