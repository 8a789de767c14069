-- Two roles: one that sees, one that may skip and restore dunning steps, set a subscription's status, and nothing else.
-- For the snake_case tables; leave out the lines of tables that you have not got.
create role countersign_read login password :'read_password' nosuperuser nocreatedb nocreaterole noinherit;
alter role countersign_read set default_transaction_read_only = on;
alter role countersign_read set statement_timeout = '5s';
alter role countersign_read set timezone = 'UTC';
-- No names, addresses, metadata, payloads, or links to invoices.
grant select (id, tenant_id, account_type, provider, provider_customer_id, created_at) on billing_accounts to countersign_read;
grant select (id, billing_account_id, plan_id, status, provider_subscription_id, trial_end_at, current_period_start, current_period_end, updated_at) on subscriptions to countersign_read;
grant select (id, billing_account_id, provider_invoice_id, amount_due_cents, amount_paid_cents, currency, status, period_start, paid_at) on invoices to countersign_read;
grant select (id, billing_account_id, provider, provider_event_id, event_type, processed_at, created_at) on payment_events to countersign_read;
grant select (tenant_id, module, active, updated_at) on entitlements to countersign_read;
grant select (id, subscription_id, step, step_started_at, scheduled_for, completed, completed_at, completion_reason) on dunning_events to countersign_read;
-- Where billing-svc's code is installed:
-- grant select (id, subscription_id, first_failure_at, latest_failure_at, failure_count, day0_notified_at, day3_notified_at, day7_notified_at, limited_mode_at, resolved_at, resolution_type, stripe_invoice_id) on dunning_records to countersign_read;

-- The one field of the payload that is needed, as a view, so that the payload stays closed.
create view payment_event_correlations as
  select id, billing_account_id, provider_event_id, event_type, created_at, processed_at, payload->>'correlationId' as correlation_id from payment_events;
grant select on payment_event_correlations to countersign_read;

create role countersign_dunning login password :'write_password' nosuperuser nocreatedb nocreaterole noinherit;
alter role countersign_dunning set statement_timeout = '30s';
grant select (id, subscription_id, step, scheduled_for, completed, completed_at, completion_reason) on dunning_events to countersign_dunning;
grant update (completed, completed_at, completion_reason) on dunning_events to countersign_dunning;
grant select (id, status) on subscriptions to countersign_dunning;
grant update (status) on subscriptions to countersign_dunning;
