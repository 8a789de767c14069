"""What the breaks change in Aivo's tables, and how each is seen to be there still."""

from sqlalchemy import text

EXPIRE = text(
    """with e as (update subscriptions set status = 'EXPIRED', ended_at = :now, updated_at = :now
                  where id = any(cast(:subscriptions as uuid[])))
       update entitlements set active = false, updated_at = :now
       where tenant_id = any(cast(:tenants as uuid[])) and module not in ('ELA', 'MATH')"""
)
PAID_AND_EXPIRED = text(
    """select count(*) from subscriptions s where s.status = 'EXPIRED' and s.current_period_end > :now
         and s.id = any(cast(:subscriptions as uuid[])) and not exists (
         select 1 from payment_events e where e.billing_account_id = s.billing_account_id
           and e.event_type in ('SUBSCRIPTION_PAST_DUE', 'SUBSCRIPTION_DOWNGRADED'))"""
)
DOUBLED = text(
    """select 1 from invoices where status = 'PAID' and period_start > cast(:now as timestamptz) - interval '45 days'
       group by billing_account_id, period_start having count(*) > 1 limit 1"""
)
TAKE_AWAY = text(
    """update entitlements set active = false, updated_at = :now
       where tenant_id = any(cast(:tenants as uuid[])) and module not in ('ELA', 'MATH')"""
)
LACKING = text(
    """select 1 from entitlements e join billing_accounts a on a.tenant_id = e.tenant_id
       join subscriptions s on s.billing_account_id = a.id
       where not e.active and s.status in ('ACTIVE', 'IN_TRIAL') limit 1"""
)
FORGET = (
    text(
        """update subscriptions set status = 'PAST_DUE', updated_at = cast(:now as timestamptz) - interval '4 days'
           where id = any(cast(:subscriptions as uuid[]))"""
    ),
    text(
        """insert into payment_events (billing_account_id, provider_event_id, event_type, payload, processed_at,
                                       created_at)
           select billing_account_id, 'dunning_' || id || '_forgotten', 'SUBSCRIPTION_PAST_DUE', '{}', :now,
                  cast(:now as timestamptz) - interval '4 days'
           from subscriptions where id = any(cast(:subscriptions as uuid[]))"""
    ),
    text(
        """insert into dunning_events (subscription_id, step, step_started_at, scheduled_for, completed, completed_at,
                                       completion_reason)
           select s.id, d.step, cast(:now as timestamptz) - interval '4 days', cast(:now as timestamptz) + d.due,
                  d.done, case when d.done then cast(:now as timestamptz) + d.due end,
                  case when d.done then 'STEP_DONE' end
           from subscriptions s cross join (values ('DAY_0_BANNER', interval '-4 days', true),
                                                   ('DAY_3_RETRY', -:hours * interval '1 h', false)
                                           ) as d(step, due, done)
           where s.id = any(cast(:subscriptions as uuid[]))"""
    ),
)
OVERDUE = text(
    """select 1 from dunning_events where not completed
       and scheduled_for < cast(:now as timestamptz) - interval '1 hour' limit 1"""
)
END_TRIALS = text(
    """update subscriptions set trial_end_at = cast(:now as timestamptz) + interval '2 days', updated_at = :now
       where id in (select id from subscriptions where status = 'IN_TRIAL' order by id limit :count)"""
)
ENDING = text(
    """select 1 from subscriptions where status = 'IN_TRIAL'
       and trial_end_at < cast(:now as timestamptz) + interval '3 days' limit 1"""
)
