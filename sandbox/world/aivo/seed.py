"""The rows Aivo starts with: families and districts, their subscriptions, invoices and a little dunning."""

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.stripe.seed import Account

ACCOUNTS = 600
MODULES = ("ELA", "MATH", "SCIENCE", "SEL")


def seed(connection: Connection, ids: Ids, *, accounts: list[Account], now: datetime) -> None:
    """The first accounts are Stripe's; the rest have ids of customers that Stripe was not asked about."""
    rows: list[Obj] = []
    for number in range(ACCOUNTS):
        mirrored = accounts[number] if number < len(accounts) else None
        rows.append(_family(ids, mirrored, number=number))
    values = {"rows": json.dumps(rows), "now": now, "modules": list(MODULES)}
    for statement in _FILL:
        connection.execute(statement, values)


def _family(ids: Ids, account: Account | None, *, number: int) -> Obj:
    person = ids.person()
    paid = "OPEN" if number % 12 == 5 else "PAID"
    subscription = ids.uuid()
    if account:  # at the end of the table, so that a wave of downgrades leaves those that Stripe knows alone
        subscription = UUID(int=subscription.int | (0xFF << 120))
    return {
        "id": str(ids.uuid()), "tenant": str(ids.uuid()), "subscription": str(subscription), "invoice": str(ids.uuid()),
        "type": "DISTRICT" if number % 20 == 0 else "PARENT_CONSUMER", "name": person.name, "email": person.email,
        "cus": str(account.customer["id"]) if account else ids.stripe("cus", 14),
        "sub": str(account.subscription["id"]) if account else ids.stripe("sub"),
        "in": str(account.invoices[-1]["id"]) if account else ids.stripe("in"),
        "status": "PAST_DUE" if paid == "OPEN" else "IN_TRIAL" if number % 12 == 9 else "ACTIVE",
        "invoice_status": paid, "amount": 4900 + 100 * (number % 7), "number": f"AIVO-{number:05d}",
        "event": ids.stripe("evt"), "phone": person.phone,
    }  # fmt: skip


_ROWS = """jsonb_to_recordset(cast(:rows as jsonb)) as r(
  id uuid, tenant uuid, subscription uuid, invoice uuid, type text, name text, email text, cus text, sub text,
  "in" text, status text, invoice_status text, amount bigint, number text, event text, phone text)"""
_FILL = (
    text(
        f"""insert into billing_accounts (id, tenant_id, account_type, display_name, provider_customer_id,
                                          billing_email, metadata_json, created_at, updated_at)
            select id, tenant, type, name, cus, email, jsonb_build_object('phone', phone), :now, :now from {_ROWS}"""
    ),
    text(
        f"""insert into subscriptions (id, billing_account_id, plan_id, status, provider_subscription_id,
                                       current_period_start, current_period_end, trial_start_at, trial_end_at,
                                       updated_at)
            select subscription, id, 'premium-monthly', status, sub, :now - interval '12 days',
                   :now + interval '18 days', case when status = 'IN_TRIAL' then :now - interval '12 days' end,
                   case when status = 'IN_TRIAL' then :now + interval '18 days' end, :now from {_ROWS}"""
    ),
    text(
        f"""insert into invoices (id, billing_account_id, provider_invoice_id, invoice_number, amount_cents,
              amount_due_cents, amount_paid_cents, status, period_start, period_end, issued_at, paid_at, pdf_url)
            select invoice, id, "in", number, amount, amount, case when invoice_status = 'PAID' then amount else 0 end,
                   invoice_status, :now - interval '42 days', :now - interval '12 days', :now - interval '12 days',
                   case when invoice_status = 'PAID' then :now - interval '12 days' end,
                   'https://files.aivo.example/invoices/' || invoice || '-secret.pdf' from {_ROWS}"""
    ),
    text(
        f"""insert into payment_events (billing_account_id, provider_event_id, event_type, payload, processed_at,
                                        created_at)
            select id, "in", case when invoice_status = 'PAID' then 'invoice.paid' else 'invoice.payment_failed' end,
                   jsonb_build_object('id', event, 'correlationId', gen_random_uuid(), 'customer_email', email,
                                      'customer_phone', phone),
                   :now - interval '12 days', :now - interval '12 days' from {_ROWS}"""
    ),
    text(
        f"""insert into entitlements (tenant_id, module, updated_at)
            select r.tenant, m.module, :now from {_ROWS} cross join unnest(cast(:modules as text[])) as m(module)"""
    ),
    # Those past due stand at day 3, with day 7 some days away.
    text(
        f"""insert into dunning_events (subscription_id, step, step_started_at, scheduled_for, completed, completed_at,
                                        completion_reason)
            select subscription, d.step, :now - interval '4 days', :now + d.due, d.done,
                   case when d.done then :now + d.due end, case when d.done then 'STEP_DONE' end
            from {_ROWS} cross join (values ('DAY_0_BANNER', interval '-4 days', true),
                                            ('DAY_3_RETRY', interval '-1 day', true),
                                            ('DAY_7_DOWNGRADE', interval '3 days', false)) as d(step, due, done)
            where r.status = 'PAST_DUE'"""
    ),
    text(
        f"""insert into dunning_records (subscription_id, tenant_id, first_failure_at, latest_failure_at, failure_count,
                                         day0_notified_at, day3_notified_at, stripe_invoice_id)
            select subscription, tenant, :now - interval '4 days', :now - interval '1 day', 2, :now - interval '4 days',
                   :now - interval '1 day', "in" from {_ROWS} where status = 'PAST_DUE'"""
    ),
)
