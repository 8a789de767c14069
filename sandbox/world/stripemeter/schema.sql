-- StripeMeter's tables, and in `world` what only the simulation knows.
create table events (
  idempotency_key text primary key, tenant_id uuid not null, metric text not null, customer_ref text not null,
  resource_id text, quantity numeric(20, 6) not null, ts timestamptz not null, meta jsonb not null default '{}',
  source text not null default 'http', inserted_at timestamptz not null default now()
);
create index on events (tenant_id, metric, customer_ref, ts);
create table counters (
  tenant_id uuid not null, metric text not null, customer_ref text not null, period_start date not null,
  period_end date not null, agg_sum numeric(20, 6) not null default 0, agg_max numeric(20, 6) not null default 0,
  agg_last numeric(20, 6), watermark_ts timestamptz not null, updated_at timestamptz not null default now(),
  primary key (tenant_id, metric, customer_ref, period_start)
);
create table write_log (
  tenant_id uuid not null, stripe_account text not null, subscription_item_id text not null, period_start date not null,
  pushed_total numeric(20, 6) not null default 0, last_request_id text, updated_at timestamptz not null default now(),
  primary key (tenant_id, stripe_account, subscription_item_id, period_start)
);
create table reconciliation_reports (
  id uuid primary key default gen_random_uuid(), tenant_id uuid not null, subscription_item_id text not null,
  period_start date not null, local_total numeric(20, 6) not null, stripe_total numeric(20, 6) not null,
  diff numeric(20, 6) not null, status text not null check (status in ('ok', 'investigate', 'resolved')),
  created_at timestamptz not null default now()
);
create index on reconciliation_reports (tenant_id, subscription_item_id, created_at desc);
create table adjustments (
  id uuid primary key default gen_random_uuid(), tenant_id uuid not null, metric text not null,
  customer_ref text not null, period_start date not null, delta numeric(20, 6) not null,
  reason text not null check (reason in ('backfill', 'correction', 'promo', 'credit', 'manual')), actor text not null,
  status text not null default 'pending' check (status in ('pending', 'approved', 'reverted')),
  approved_by text, approved_at timestamptz, reverted_by text, reverted_at timestamptz, parent_adjustment_id uuid,
  request_id text, note text, created_at timestamptz not null default now()
);
create table price_mappings (
  id uuid primary key default gen_random_uuid(), tenant_id uuid not null, metric text not null,
  aggregation text not null check (aggregation in ('sum', 'max', 'last')), stripe_account text not null,
  price_id text not null, subscription_item_id text, currency text, active boolean not null default true,
  shadow boolean not null default false, shadow_stripe_account text, shadow_price_id text,
  shadow_subscription_item_id text, unique (tenant_id, metric, active)
);
create table backfill_operations (
  id uuid primary key default gen_random_uuid(), tenant_id uuid not null, metric text not null, customer_ref text,
  period_start text not null, period_end text, status text not null default 'pending', reason text not null,
  actor text not null, total_events int not null default 0, processed_events int not null default 0,
  failed_events int not null default 0, duplicate_events int not null default 0, source_type text not null,
  source_data text, source_url text, metadata jsonb not null default '{}', error_message text, started_at timestamptz,
  completed_at timestamptz, created_at timestamptz not null default now(), updated_at timestamptz not null default now()
);
create table organisations (id uuid primary key, name text not null, billing_email text);
create table api_keys (id uuid primary key default gen_random_uuid(), organisation_id uuid not null, prefix text, hash text);
-- Events stored but not yet aggregated, and what Stripe has counted: the two sides a reconciler compares.
create table world.late_events (idempotency_key text primary key references public.events);
create table world.stripe_usage (subscription_item_id text, period_start date, total numeric(20, 6) not null,
  primary key (subscription_item_id, period_start));
