-- Two roles: one that sees, one that may skip and restore dunning steps and nothing else.
create role countersign_read login password :'read_password' nosuperuser nocreatedb nocreaterole noinherit;
alter role countersign_read set default_transaction_read_only = on;
alter role countersign_read set statement_timeout = '5s';
grant select (id, billing_account_id, plan_id, status, provider_subscription_id, current_period_end) on subscriptions to countersign_read;
grant select (id, subscription_id, step, step_started_at, scheduled_for, completed, completed_at, completion_reason) on dunning_events to countersign_read;

create role countersign_dunning login password :'write_password' nosuperuser nocreatedb nocreaterole noinherit;
alter role countersign_dunning set statement_timeout = '30s';
grant select (id, subscription_id, step, scheduled_for, completed, completed_at, completion_reason) on dunning_events to countersign_dunning;
grant update (completed, completed_at, completion_reason) on dunning_events to countersign_dunning;
