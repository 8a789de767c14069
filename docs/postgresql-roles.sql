-- The roles of the bot's own database: countersign_owner owns its tables and brings them up to date; countersign is what
-- the bot signs in as, and cannot change or remove what the audit holds. See database-roles.md.
-- Run it in that database as a superuser: once before the first `countersign db upgrade`, and again after each one.
-- It may be repeated: it gives what is missing, and takes back what is too much.

do $$
begin
  if not exists (select from pg_roles where rolname = 'countersign_owner') then
    create role countersign_owner login nosuperuser nocreatedb nocreaterole noreplication;
  end if;
  if not exists (select from pg_roles where rolname = 'countersign') then
    create role countersign login nosuperuser nocreatedb nocreaterole noreplication noinherit;
  end if;
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to countersign_owner, countersign', current_database());
end
$$;

revoke all on schema public from public;
grant usage, create on schema public to countersign_owner;
grant usage on schema public to countersign;

do $$
begin
  if to_regclass('public.audit') is null then
    raise notice 'no tables yet: run countersign db upgrade as countersign_owner, then this again';
    return;
  end if;

  grant select, insert, update, delete on all tables in schema public to countersign;
  grant usage, select on all sequences in schema public to countersign;

  -- The audit only grows.
  revoke all on audit from countersign;
  grant select, insert on audit to countersign;

  -- What requests were made of stays; rows may move on, none may go. Old webhooks and answers may
  -- (COUNTERSIGN_KEEP_DAYS): their digests stand in the audit.
  revoke delete on incidents, incident_alerts, diagnoses, requests, votes, executions, deeds, resumptions,
    resumption_votes, reviews, content_revisions, enrolments from countersign;

  -- The version of the tables is their owner's to write.
  revoke all on alembic_version from countersign;
  grant select on alembic_version to countersign;

  -- Tables of later versions are usable at once; the next run of this file looks at them again.
  alter default privileges for role countersign_owner in schema public
    grant select, insert, update, delete on tables to countersign;
  alter default privileges for role countersign_owner in schema public
    grant usage, select on sequences to countersign;
end
$$;
