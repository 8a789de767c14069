-- A role that may see what a thread may show, and nothing else. Run as the tables' owner; qualify with your schema where it is not public.
create role countersign_read login password :'password' nosuperuser nocreatedb nocreaterole noinherit;
alter role countersign_read set default_transaction_read_only = on;
alter role countersign_read set statement_timeout = '5s';
alter role countersign_read set timezone = 'UTC';

grant select (id, processor, processor_event_id, type, livemode, status, endpoint, received_at, processed_at, inserted_at, updated_at)
  on accrue_webhook_events to countersign_read;
grant select (id, type, schema_version, actor_type, actor_id, subject_type, subject_id, inserted_at) on accrue_events to countersign_read;
grant select (id, processor, processor_id, status, past_due_since, dunning_sweep_attempted_at, last_stripe_event_ts, inserted_at, updated_at)
  on accrue_subscriptions to countersign_read;
-- args and errors: questions take the event's id out of the one, and 300 masked characters out of the other.
grant select (id, state, queue, worker, args, errors, attempt, max_attempts, inserted_at, scheduled_at, attempted_at, completed_at, discarded_at)
  on oban_jobs to countersign_read;
