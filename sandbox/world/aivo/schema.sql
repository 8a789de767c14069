-- Aivo's tables in the vocabulary of its runbook (columns of schema A where the runbook is silent).
create table billing_accounts (
  id uuid primary key, tenant_id uuid not null unique, account_type text not null, display_name text not null,
  provider text not null default 'STRIPE', provider_customer_id text, default_currency text not null default 'usd',
  billing_email text not null, metadata_json jsonb not null default '{}', created_at timestamptz not null,
  updated_at timestamptz not null
);
create table subscriptions (
  id uuid primary key, billing_account_id uuid not null references billing_accounts, plan_id text not null,
  status text not null check (status in ('IN_TRIAL', 'ACTIVE', 'PAST_DUE', 'CANCELED', 'EXPIRED')),
  quantity int not null default 1, trial_start_at timestamptz, trial_end_at timestamptz,
  provider_subscription_id text, current_period_start timestamptz,
  current_period_end timestamptz, cancel_at_period_end boolean not null default false, canceled_at timestamptz,
  ended_at timestamptz, metadata_json jsonb not null default '{}', updated_at timestamptz not null
);
create index on subscriptions (billing_account_id);
create index on subscriptions (status);
create table invoices (
  id uuid primary key, billing_account_id uuid not null references billing_accounts, provider_invoice_id text,
  invoice_number text, amount_cents bigint not null, amount_due_cents bigint not null, amount_paid_cents bigint not null,
  currency text not null default 'usd', status text not null, period_start timestamptz, period_end timestamptz,
  issued_at timestamptz, due_at timestamptz, paid_at timestamptz, pdf_url text
);
create table payment_events (
  id uuid primary key default gen_random_uuid(), billing_account_id uuid references billing_accounts,
  provider text not null default 'STRIPE', provider_event_id text not null unique, event_type text not null,
  payload jsonb not null, processed_at timestamptz, error text, created_at timestamptz not null
);
create index on payment_events (billing_account_id, created_at desc);
create table dunning_events (
  id uuid primary key default gen_random_uuid(), subscription_id uuid not null references subscriptions,
  step text not null check (step in ('DAY_0_BANNER', 'DAY_3_RETRY', 'DAY_7_DOWNGRADE')),
  step_started_at timestamptz not null, scheduled_for timestamptz not null, completed boolean not null default false,
  completed_at timestamptz, completion_reason text
);
create index on dunning_events (scheduled_for) where not completed;
-- What billing-svc's code has where the runbook says dunning_events.
create table dunning_records (
  id uuid primary key default gen_random_uuid(), subscription_id uuid not null references subscriptions,
  tenant_id uuid not null, first_failure_at timestamptz not null, latest_failure_at timestamptz not null,
  failure_count int not null default 1, day0_notified_at timestamptz, day3_notified_at timestamptz,
  day7_notified_at timestamptz, limited_mode_at timestamptz, resolved_at timestamptz, resolution_type text,
  stripe_invoice_id text
);
create table entitlements (
  id uuid primary key default gen_random_uuid(), tenant_id uuid not null, module text not null,
  active boolean not null default true, updated_at timestamptz not null, unique (tenant_id, module)
);
-- Changes made straight in the table by somebody who is not the service, for the world's log of effects.
create table world.dunning_changes (
  id bigserial primary key, at timestamptz not null default clock_timestamp(), by_role text not null,
  now_completed boolean not null, reason text, changed int not null, ids uuid[] not null
);
create function world.note_dunning_change() returns trigger language plpgsql security definer as $$
begin
  if session_user = current_user then return null; end if;
  insert into world.dunning_changes (by_role, now_completed, reason, changed, ids)
    select session_user, n.completed, n.completion_reason, count(*), array_agg(n.id)
    from changed_rows n group by n.completed, n.completion_reason;
  return null;
end $$;
create trigger note_dunning_change after update on dunning_events
  referencing new table as changed_rows for each statement execute function world.note_dunning_change();
create table world.subscription_changes (
  seq bigserial primary key, at timestamptz not null default clock_timestamp(), by_role text not null, id uuid not null,
  before text not null, status text not null
);
create function world.note_status_change() returns trigger language plpgsql security definer as $$
begin
  if session_user <> current_user and old.status <> new.status then
    insert into world.subscription_changes (by_role, id, before, status)
      values (session_user, new.id, old.status, new.status);
  end if;
  return null;
end $$;
create trigger note_status_change after update on subscriptions
  for each row execute function world.note_status_change();
-- The one field of the payload that may be read.
create view payment_event_correlations as
  select id, billing_account_id, provider_event_id, event_type, created_at, processed_at,
         payload->>'correlationId' as correlation_id
  from payment_events;
-- billing-svc's Prisma schema over the same rows: quoted camelCase, times without a zone.
drop schema if exists camel cascade;
create schema camel;
create view camel.billing_accounts as select id::text as id, tenant_id::text as "tenantId", account_type as "accountType", provider_customer_id as "providerCustomerId" from public.billing_accounts;
create view camel.subscriptions as select id::text as id, billing_account_id::text as "billingAccountId", plan_id as "planId", status, provider_subscription_id as "providerSubscriptionId",
  trial_end_at at time zone 'UTC' as "trialEndAt", current_period_start at time zone 'UTC' as "currentPeriodStart", current_period_end at time zone 'UTC' as "currentPeriodEnd" from public.subscriptions;
create view camel.invoices as select id::text as id, billing_account_id::text as "billingAccountId", provider_invoice_id as "providerInvoiceId", amount_due_cents as "amountDueCents", amount_paid_cents as "amountPaidCents", currency, status,
  period_start at time zone 'UTC' as "periodStart", paid_at at time zone 'UTC' as "paidAt" from public.invoices;
create view camel.payment_events as select id::text as id, billing_account_id::text as "billingAccountId", provider, provider_event_id as "providerEventId", event_type as "eventType",
  processed_at at time zone 'UTC' as "processedAt", created_at at time zone 'UTC' as "createdAt" from public.payment_events;
create view camel.entitlements as select id::text as id, tenant_id::text as "tenantId", module, active, updated_at at time zone 'UTC' as "updatedAt" from public.entitlements;
create view camel.payment_event_correlations as select * from public.payment_event_correlations;
-- payments-svc's own model: Stripe's mirror, without tenants.
drop schema if exists payments cascade;
create schema payments;
create view payments.subscriptions as select id, billing_account_id as customer_id, provider_subscription_id as stripe_subscription_id,
  case status when 'IN_TRIAL' then 'TRIALING' when 'EXPIRED' then 'CANCELED' else status end as status, trial_end_at as trial_end, current_period_end from public.subscriptions;
create view payments.webhook_events as select id, provider_event_id as stripe_event_id, event_type, processed_at is not null as processed, processed_at, 0 as retry_count, created_at from public.payment_events;
grant usage on schema camel, payments to countersign_read;
grant select on all tables in schema camel, payments to countersign_read;
