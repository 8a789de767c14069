-- Accrue's tables in the host's database (schema option `public`), and Oban's jobs beside them.
create table accrue_customers (
  id uuid primary key default gen_random_uuid(),
  owner_type varchar(255) not null, owner_id varchar(255) not null,
  processor varchar(255) not null, processor_id varchar(255),
  name varchar(255), email varchar(255),
  default_payment_method_id uuid, preferred_locale varchar(255), preferred_timezone varchar(255),
  metadata jsonb not null default '{}', data jsonb not null default '{}', lock_version int not null default 1,
  inserted_at timestamp not null, updated_at timestamp not null,
  unique (owner_type, owner_id, processor)
);
create table accrue_payment_methods (
  id uuid primary key default gen_random_uuid(), customer_id uuid not null references accrue_customers,
  processor varchar(255) not null, processor_id varchar(255), type varchar(255), is_default boolean default false,
  fingerprint varchar(255), card_brand varchar(255), card_last4 varchar(255),
  card_exp_month int, card_exp_year int, exp_month int, exp_year int,
  inserted_at timestamp not null, updated_at timestamp not null
);
create table accrue_subscriptions (
  id uuid primary key default gen_random_uuid(), customer_id uuid not null references accrue_customers,
  processor varchar(255) not null, processor_id varchar(255), status varchar(255) not null default 'incomplete',
  current_period_start timestamp, current_period_end timestamp, trial_start timestamp, trial_end timestamp,
  cancel_at timestamp, canceled_at timestamp, ended_at timestamp, cancel_at_period_end boolean not null default false,
  pause_collection jsonb, paused_at timestamp, pause_behavior varchar(255),
  past_due_since timestamp, dunning_sweep_attempted_at timestamp, dunning_campaign_started_at timestamp,
  discount_id varchar(255), automatic_tax boolean, automatic_tax_status varchar(255),
  automatic_tax_disabled_reason varchar(255),
  last_stripe_event_ts timestamp, last_stripe_event_id varchar(255),
  metadata jsonb not null default '{}', data jsonb not null default '{}', lock_version int not null default 1,
  inserted_at timestamp not null, updated_at timestamp not null
);
create index on accrue_subscriptions (past_due_since) where past_due_since is not null;
create table accrue_invoices (
  id uuid primary key default gen_random_uuid(), customer_id uuid not null references accrue_customers,
  subscription_id uuid references accrue_subscriptions, processor varchar(255) not null, processor_id varchar(255),
  status varchar(255) not null default 'draft', total_cents int, subtotal_minor bigint, tax_minor bigint,
  discount_minor bigint, total_minor bigint, amount_due_minor bigint, amount_paid_minor bigint,
  amount_remaining_minor bigint, total_discount_amounts jsonb, currency varchar(255), number varchar(255) unique,
  hosted_url text, pdf_url text, period_start timestamp, period_end timestamp, collection_method varchar(255),
  billing_reason varchar(255), due_date timestamp, paid_at timestamp, finalized_at timestamp, voided_at timestamp,
  last_finalization_error_code varchar(255), last_stripe_event_ts timestamp, last_stripe_event_id varchar(255),
  metadata jsonb not null default '{}', data jsonb not null default '{}', lock_version int not null default 1,
  inserted_at timestamp not null, updated_at timestamp not null
);
create table accrue_charges (
  id uuid primary key default gen_random_uuid(), customer_id uuid not null references accrue_customers,
  subscription_id uuid references accrue_subscriptions, payment_method_id uuid,
  processor varchar(255) not null, processor_id varchar(255), amount_cents int, currency varchar(255),
  status varchar(255), stripe_fee_amount_minor bigint, stripe_fee_currency varchar(255), fees_settled_at timestamp,
  last_stripe_event_ts timestamp, last_stripe_event_id varchar(255),
  metadata jsonb not null default '{}', data jsonb not null default '{}',
  inserted_at timestamp not null, updated_at timestamp not null
);
create table accrue_refunds (
  id uuid primary key default gen_random_uuid(), charge_id uuid not null references accrue_charges,
  stripe_id varchar(255), processor_id varchar(255), amount_minor bigint, currency varchar(255), reason varchar(255),
  status varchar(255) not null default 'pending', stripe_fee_refunded_amount_minor bigint,
  merchant_loss_amount_minor bigint, fees_settled_at timestamp,
  inserted_at timestamp not null, updated_at timestamp not null
);
create index on accrue_refunds (inserted_at) where fees_settled_at is null;
create table accrue_webhook_events (
  id uuid primary key default gen_random_uuid(),
  processor varchar(255) not null, processor_event_id varchar(255) not null, type varchar(255) not null,
  livemode boolean not null default false, status varchar(255) not null default 'received'
    check (status in ('received', 'processing', 'succeeded', 'failed', 'dead', 'replayed')),
  raw_body bytea, received_at timestamp, processed_at timestamp, data jsonb,
  endpoint varchar(255) not null default 'default',
  inserted_at timestamp not null, updated_at timestamp not null,
  unique (processor, processor_event_id)
);
create index on accrue_webhook_events (type);
create index on accrue_webhook_events (livemode);
create index accrue_webhook_events_failed_dead_index on accrue_webhook_events (status)
  where status in ('failed', 'dead');
create index on accrue_webhook_events (endpoint) where endpoint = 'connect';
create table accrue_events (
  id bigserial primary key, type varchar(255) not null, schema_version int not null default 1,
  actor_type varchar(255) not null check (actor_type in ('user', 'system', 'webhook', 'oban', 'admin')),
  actor_id varchar(255), subject_type varchar(255) not null, subject_id varchar(255) not null,
  data jsonb not null default '{}', trace_id varchar(255), idempotency_key varchar(255),
  inserted_at timestamp not null, caused_by_event_id bigint, caused_by_webhook_event_id uuid
);
create unique index on accrue_events (idempotency_key) where idempotency_key is not null;
create function accrue_events_immutable() returns trigger language plpgsql as $$
begin
  raise exception 'accrue_events is append-only; UPDATE and DELETE are forbidden' using errcode = '45A01';
end $$;
create trigger accrue_events_immutable before update or delete on accrue_events
  for each row execute function accrue_events_immutable();
create table accrue_meter_events (
  id uuid primary key default gen_random_uuid(), customer_id uuid references accrue_customers,
  stripe_customer_id varchar(255) not null, event_name varchar(255) not null, value bigint not null,
  identifier varchar(255) not null unique, occurred_at timestamp not null, reported_at timestamp,
  stripe_status varchar(255) not null default 'pending', stripe_error jsonb, operation_id varchar(255),
  meter_definition_id uuid, metered_renewal_id uuid,
  billing_status varchar(255) check (billing_status in ('matched', 'unmatched', 'unusable')),
  billing_error varchar(255) check (billing_error in ('no_meter_definition', 'invalid_value')),
  inserted_at timestamp not null, updated_at timestamp not null
);
create index on accrue_meter_events (updated_at) where stripe_status = 'failed';
create table accrue_meter_definitions (
  id uuid primary key default gen_random_uuid(), subscription_item_id uuid, processor varchar(255) not null,
  event_name varchar(255) not null, price_id varchar(255),
  aggregation_mode varchar(255) not null default 'sum' check (aggregation_mode in ('sum', 'max', 'last')),
  active boolean not null default true, billing_snapshot jsonb not null default '{}',
  inserted_at timestamp not null, updated_at timestamp not null, unique (processor, event_name)
);
create table accrue_metered_renewals (
  id uuid primary key default gen_random_uuid(), subscription_id uuid not null references accrue_subscriptions,
  customer_id uuid not null references accrue_customers, processor varchar(255) not null default 'braintree',
  state varchar(255) not null default 'pending' check (state in
    ('pending', 'retry_scheduled', 'awaiting_payment_method', 'paid', 'failed_exhausted')),
  period_start timestamp not null, period_end timestamp not null, trigger_source varchar(255),
  snapshot jsonb not null default '{}', last_processor_event_id varchar(255), last_processor_event_ts timestamp,
  invoice_id uuid references accrue_invoices, invoice_status varchar(255), invoice_authored_at timestamp,
  paid_at timestamp, data jsonb not null default '{}', lock_version int not null default 1,
  inserted_at timestamp not null, updated_at timestamp not null,
  unique (subscription_id, period_start, period_end)
);
create table accrue_metered_charge_attempts (
  id uuid primary key default gen_random_uuid(), metered_renewal_id uuid not null unique references accrue_metered_renewals,
  subject_uuid uuid not null unique default gen_random_uuid(),
  status varchar(255) not null default 'pending' check (status in
    ('pending', 'retry_scheduled', 'awaiting_payment_method', 'paid', 'failed_exhausted')),
  processor_charge_id varchar(255), attempted_payment_method_id uuid, original_failed_payment_method_id uuid,
  failure_class varchar(255), failure_code varchar(255), failure_message text,
  original_failure_class varchar(255), original_failure_code varchar(255), original_failure_message text,
  retry_at timestamp, paid_at timestamp, data jsonb not null default '{}',
  inserted_at timestamp not null, updated_at timestamp not null
);
create table accrue_discount_mappings (
  id uuid primary key default gen_random_uuid(), processor varchar(255) not null, code varchar(255) not null,
  discount_id varchar(255), coupon_id varchar(255), active boolean not null default true,
  invalid_reason varchar(255), data jsonb not null default '{}',
  inserted_at timestamp not null, updated_at timestamp not null, unique (processor, code)
);
create table accrue_checkout_sessions (
  id uuid primary key default gen_random_uuid(), customer_id uuid references accrue_customers,
  processor varchar(255) not null, processor_id varchar(255), status varchar(255) not null default 'open',
  mode varchar(255), ui_mode varchar(255), url text, client_secret text, line_items_count int, completed_at timestamp,
  expires_at timestamp, data jsonb not null default '{}',
  inserted_at timestamp not null, updated_at timestamp not null
);
create table accrue_connect_accounts (
  id uuid primary key default gen_random_uuid(), stripe_account_id varchar(255) not null unique,
  owner_type varchar(255), owner_id varchar(255), type varchar(255), country varchar(255), email varchar(255),
  charges_enabled boolean default false, details_submitted boolean default false, payouts_enabled boolean default false,
  capabilities jsonb not null default '{}', requirements jsonb not null default '{}', deauthorized_at timestamp,
  inserted_at timestamp not null, updated_at timestamp not null
);
create table oban_jobs (
  id bigserial primary key,
  state varchar(255) not null default 'available' check (state in
    ('available', 'scheduled', 'executing', 'retryable', 'completed', 'cancelled', 'discarded')),
  queue varchar(255) not null default 'default', worker varchar(255) not null, args jsonb not null default '{}',
  errors jsonb[] not null default '{}', attempt int not null default 0, max_attempts int not null default 20,
  inserted_at timestamp not null, scheduled_at timestamp not null, attempted_at timestamp, completed_at timestamp,
  discarded_at timestamp, cancelled_at timestamp
);
create index on oban_jobs (state, queue, scheduled_at);
