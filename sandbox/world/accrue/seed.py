"""The rows an Accrue host starts with: Stripe's accounts mirrored, a month of webhooks, quiet queues."""

# ruff: noqa: A002 - `type` is the column's name

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from sandbox.world.accrue.dlq import MAX_ATTEMPTS, QUEUE, WORKER
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.stripe.seed import Account

CUSTOMER = text(
    """insert into accrue_customers (id, owner_type, owner_id, processor, processor_id, name, email, data, inserted_at,
                                     updated_at)
       values (:id, 'Team', :owner, 'stripe', :processor_id, :name, :email, cast(:data as jsonb), :now, :now)"""
)
SUBSCRIPTION = text(
    """insert into accrue_subscriptions (id, customer_id, processor, processor_id, status, current_period_start,
         current_period_end, past_due_since, last_stripe_event_ts, data, inserted_at, updated_at)
       values (:id, :customer, 'stripe', :processor_id, :status, :start, :end,
               case when :status = 'past_due' then cast(:now as timestamp) end, :now, cast(:data as jsonb),
               :now, :now)"""
)
INVOICE = text(
    """insert into accrue_invoices (customer_id, subscription_id, processor, processor_id, status, total_cents,
         total_minor, amount_due_minor, amount_paid_minor, amount_remaining_minor, currency, number, hosted_url,
         pdf_url, period_start, period_end, finalized_at, paid_at, data, inserted_at, updated_at)
       values (:customer, :subscription, 'stripe', :processor_id, :status, :amount, :amount, :amount, :paid,
               :amount - :paid, 'usd', :number, :hosted, :pdf, :start, :end, :end,
               case when :status = 'paid' then cast(:end as timestamp) end, cast(:data as jsonb), :end, :end)"""
)
CHARGE = text(
    """insert into accrue_charges (customer_id, subscription_id, processor, processor_id, amount_cents, currency,
         status, stripe_fee_amount_minor, stripe_fee_currency, fees_settled_at, data, inserted_at, updated_at)
       values (:customer, :subscription, 'stripe', :processor_id, :amount, 'usd', :status, :fee, 'usd', :at,
               cast(:data as jsonb), :at, :at)"""
)
WEBHOOK = text(
    """insert into accrue_webhook_events (id, processor, processor_event_id, type, status, raw_body, data, received_at,
         processed_at, inserted_at, updated_at)
       values (:id, 'stripe', :evt, :type, :status, :raw, cast(:data as jsonb), :at, :processed, :at, :updated)"""
)
JOB = text(
    """insert into oban_jobs (state, queue, worker, args, errors, attempt, max_attempts, inserted_at, scheduled_at,
         attempted_at, completed_at, discarded_at)
       values (:state, :queue, :worker, cast(:args as jsonb), cast(:errors as jsonb[]), :attempt, :max, :at, :at, :done,
               case when :state = 'completed' then cast(:done as timestamp) end,
               case when :state = 'discarded' then cast(:done as timestamp) end)"""
)
_METER_EVENT = text(
    """insert into accrue_meter_events (customer_id, stripe_customer_id, event_name, value, identifier, occurred_at,
         reported_at, stripe_status, operation_id, inserted_at, updated_at)
       values (:customer, :cus, 'requests', :value, :identifier, :at, :at, 'reported', :operation, :at, :at)"""
)


def seed(connection: Connection, ids: Ids, *, accounts: list[Account], now: datetime) -> None:
    """Mirror the accounts and lay a quiet history of webhooks behind them. `now` is UTC without a zone."""
    for number, account in enumerate(accounts):
        _mirror(connection, ids, account, now=now)
        for back in range(2):
            _old_webhook(connection, ids, account, at=now - timedelta(hours=2 + number, minutes=back))


def webhook_row(ids: Ids, *, evt: str, type: str, subject: Obj, status: str, at: datetime, updated: datetime) -> Obj:
    """The values of one stored webhook; the raw body is the whole event, as ingest keeps it."""
    raw = json.dumps({"id": evt, "type": type, "data": {"object": subject}})
    return {
        "id": str(ids.uuid()), "evt": evt, "type": type, "status": status, "raw": raw, "data": raw,
        "at": at.isoformat(), "processed": updated.isoformat() if status == "succeeded" else None,
        "updated": updated.isoformat(),
    }  # fmt: skip


def _mirror(connection: Connection, ids: Ids, account: Account, *, now: datetime) -> None:
    customer, subscription = ids.uuid(), ids.uuid()
    cus = account.customer
    connection.execute(
        CUSTOMER,
        {
            "id": customer, "owner": str(ids.uuid()), "processor_id": cus["id"], "name": cus["name"],
            "email": cus["email"], "data": json.dumps(cus), "now": now,
        },
    )  # fmt: skip
    connection.execute(
        SUBSCRIPTION,
        {
            "id": subscription, "customer": customer, "processor_id": account.subscription["id"],
            "status": account.subscription["status"], "start": _moment(account.invoices[-1]["period_start"]),
            "end": _moment(account.invoices[-1]["period_end"]), "data": json.dumps(account.subscription), "now": now,
        },
    )  # fmt: skip
    owner = {"customer": customer, "subscription": subscription}
    connection.execute(INVOICE, [{**owner, **_invoice(invoice)} for invoice in account.invoices])
    connection.execute(CHARGE, [{**owner, **_charge(charge)} for charge in account.charges])
    used = {"customer": customer, "cus": cus["id"], "value": ids.random.randrange(1, 900)}
    known = {"identifier": str(ids.uuid()), "operation": str(ids.uuid()), "at": now - timedelta(hours=3)}
    connection.execute(_METER_EVENT, {**used, **known})


def _invoice(invoice: Obj) -> dict[str, object]:
    return {
        "processor_id": invoice["id"], "status": invoice["status"], "amount": invoice["amount_due"],
        "paid": invoice["amount_paid"], "number": invoice["number"], "hosted": invoice["hosted_invoice_url"],
        "pdf": invoice["invoice_pdf"], "start": _moment(invoice["period_start"]),
        "end": _moment(invoice["period_end"]), "data": json.dumps(invoice),
    }  # fmt: skip


def _charge(charge: Obj) -> dict[str, object]:
    amount = int(str(charge["amount"]))
    return {
        "processor_id": charge["id"], "amount": amount, "status": charge["status"], "fee": amount * 29 // 1000 + 30,
        "at": _moment(charge["created"]), "data": json.dumps(charge),
    }  # fmt: skip


def _old_webhook(connection: Connection, ids: Ids, account: Account, *, at: datetime) -> None:
    row = webhook_row(
        ids, evt=ids.stripe("evt"), type="invoice.paid", subject=account.invoices[0], status="succeeded", at=at,
        updated=at + timedelta(seconds=1),
    )  # fmt: skip
    connection.execute(WEBHOOK, {**row, "raw": str(row["raw"]).encode()})
    connection.execute(
        JOB,
        {
            "state": "completed", "queue": QUEUE, "worker": WORKER, "errors": [], "attempt": 1, "max": MAX_ATTEMPTS,
            "args": json.dumps({"webhook_event_id": row["id"]}), "at": at, "done": at + timedelta(seconds=1),
        },
    )  # fmt: skip


def _moment(unix: object) -> datetime:
    return datetime.fromtimestamp(int(str(unix)), UTC).replace(tzinfo=None)
