-- The billing Worker's own tables. A Cloudflare Worker keeps its rows in D1, which is SQLite; so are these.
create table deliveries (
  invoice_id text primary key, acct_id text not null, inv_uuid text not null, recipient text not null,
  pdf integer not null, email text not null check (email in ('delivered', 'failed', 'suppressed', 'not_sent')),
  reason text, last_event_at text not null, broken_by text
);
create index ix_deliveries_acct on deliveries (acct_id, inv_uuid);
create table usage (
  account_id text not null, period text not null, usage_type text not null, quantity real not null,
  recorded_at text not null, primary key (account_id, period, usage_type)
);
create table drifts (
  account_id text not null, period text not null, usage_type text not null, counted real not null, billed real not null,
  invoice_id text not null, primary key (account_id, period, usage_type)
);
create table reconciliations (
  id integer primary key, ran_at text not null, accounts integer not null, drifts text not null
);
