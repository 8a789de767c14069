-- Read-only, named columns. No event payloads (meta), no API keys, no source data of backfills.
create role countersign_read login password :'password' nosuperuser nocreatedb nocreaterole noinherit;
alter role countersign_read set default_transaction_read_only = on;
alter role countersign_read set statement_timeout = '5s';
alter role countersign_read set timezone = 'UTC';

grant select (idempotency_key, tenant_id, metric, customer_ref, resource_id, quantity, ts, inserted_at) on events to countersign_read;
grant select on counters, write_log, reconciliation_reports, price_mappings to countersign_read;
grant select (id, tenant_id, metric, customer_ref, period_start, delta, reason, actor, status, request_id, created_at) on adjustments to countersign_read;
grant select (id, tenant_id, metric, status, reason, total_events, processed_events, failed_events, duplicate_events, created_at)
  on backfill_operations to countersign_read;
