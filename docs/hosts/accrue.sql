-- A role that may see what a thread may show, and nothing else. Run as the tables' owner, connected to the host's database:
--   psql -v schema=billing -v metering=true -v password="'…'" -f accrue.sql        (Accrue 1.0: schema=public, metering=false)
create role countersign_read login password :password nosuperuser nocreatedb nocreaterole noinherit;
alter role countersign_read set default_transaction_read_only = on;
alter role countersign_read set statement_timeout = '5s';
alter role countersign_read set timezone = 'UTC';

grant usage on schema :schema to countersign_read;
set search_path to :schema, public;

-- No raw_body and no data: they hold the whole event.
grant select (id, processor, processor_event_id, type, livemode, status, endpoint, received_at, processed_at, inserted_at, updated_at)
  on accrue_webhook_events to countersign_read;
grant select (id, type, schema_version, actor_type, actor_id, subject_type, subject_id, inserted_at, caused_by_webhook_event_id)
  on accrue_events to countersign_read;
grant select (id, customer_id, processor, processor_id, status, past_due_since, dunning_sweep_attempted_at, last_stripe_event_ts, inserted_at, updated_at)
  on accrue_subscriptions to countersign_read;
-- No hosted_url and no pdf_url: whoever holds them sees the invoice.
grant select (id, customer_id, subscription_id, processor, processor_id, status, amount_due_minor, amount_remaining_minor, currency, period_start, due_date,
              finalized_at, last_finalization_error_code, inserted_at, updated_at) on accrue_invoices to countersign_read;
grant select (id, customer_id, subscription_id, processor_id, status, amount_cents, currency, fees_settled_at, inserted_at, updated_at)
  on accrue_charges to countersign_read;
-- No reason: it is what the customer wrote.
grant select (id, charge_id, stripe_id, status, amount_minor, currency, stripe_fee_refunded_amount_minor, merchant_loss_amount_minor, fees_settled_at,
              inserted_at, updated_at) on accrue_refunds to countersign_read;
-- No name, no email.
grant select (id, processor, processor_id, default_payment_method_id, updated_at) on accrue_customers to countersign_read;
-- No brand, no digits, no fingerprint. The expiry is only counted by questions, never shown.
grant select (id, customer_id, processor, type, is_default, exp_month, exp_year, updated_at) on accrue_payment_methods to countersign_read;
-- Of stripe_error only its code is asked for; its message may quote a customer.
grant select (id, event_name, stripe_status, stripe_error, operation_id, occurred_at, reported_at, inserted_at, updated_at) on accrue_meter_events to countersign_read;
-- No email.
grant select (id, stripe_account_id, charges_enabled, payouts_enabled, details_submitted, capabilities, requirements, deauthorized_at, updated_at)
  on accrue_connect_accounts to countersign_read;

\if :metering
grant select (metered_renewal_id, billing_status, billing_error) on accrue_meter_events to countersign_read;
grant select (id, processor, event_name, price_id, aggregation_mode, active, updated_at) on accrue_meter_definitions to countersign_read;
grant select (id, subscription_id, customer_id, processor, state, period_start, period_end, trigger_source, invoice_id, invoice_status, paid_at, inserted_at,
              updated_at) on accrue_metered_renewals to countersign_read;
-- No failure_message.
grant select (id, metered_renewal_id, status, processor_charge_id, failure_class, failure_code, retry_at, paid_at, updated_at)
  on accrue_metered_charge_attempts to countersign_read;
grant select (id, processor, code, coupon_id, discount_id, active, invalid_reason, updated_at) on accrue_discount_mappings to countersign_read;
-- No url and no client_secret: they open the session.
grant select (id, processor, status, ui_mode, inserted_at) on accrue_checkout_sessions to countersign_read;
\endif

-- Oban's table is usually in public. args and errors: questions take the event's id out of the one, and 300 masked characters out of the other.
grant select (id, state, queue, worker, args, errors, attempt, max_attempts, inserted_at, scheduled_at, attempted_at, completed_at, discarded_at)
  on oban_jobs to countersign_read;
