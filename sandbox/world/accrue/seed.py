"""The rows an Accrue host starts with: Stripe's accounts mirrored, a month of webhooks, quiet queues."""

# ruff: noqa: A002 - `type` is the column's name

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from sandbox.world.accrue.dlq import MAX_ATTEMPTS, QUEUE, WORKER
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.stripe.seed import Account

CUSTOMER = text(
    """insert into accrue_customers (id, owner_type, owner_id, processor, processor_id, name, email, data, inserted_at,
                                     updated_at)
       values (:id, 'Team', :owner, 'stripe', :processor_id, :name, :email, cast(:data as jsonb), :now,
               cast(:now as timestamp) - interval '3 days')"""
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
    owners = [_Owner(account, ids.uuid(), ids.uuid()) for account in accounts]
    connection.execute(CUSTOMER, [_customer(owner, ids, now=now) for owner in owners])
    connection.execute(SUBSCRIPTION, [_subscription(owner, now=now) for owner in owners])
    connection.execute(INVOICE, [_invoice(owner, invoice) for owner in owners for invoice in owner.account.invoices])
    connection.execute(CHARGE, [_charge(owner, charge) for owner in owners for charge in owner.account.charges])
    connection.execute(_METER_EVENT, [_usage(owner, ids, now=now) for owner in owners])
    moments = [now - timedelta(hours=2 + number, minutes=back) for number in range(len(owners)) for back in range(2)]
    webhooks = [_old_webhook(ids, owners[number // 2].account, at=at) for number, at in enumerate(moments)]
    connection.execute(WEBHOOK, [{**row, "raw": str(row["raw"]).encode()} for row in webhooks])
    connection.execute(JOB, [_done_job(row, at=at) for row, at in zip(webhooks, moments, strict=True)])


def webhook_row(ids: Ids, *, evt: str, type: str, subject: Obj, status: str, at: datetime, updated: datetime) -> Obj:
    """The values of one stored webhook; the raw body is the whole event, as ingest keeps it."""
    raw = json.dumps({"id": evt, "type": type, "data": {"object": subject}})
    return {
        "id": str(ids.uuid()), "evt": evt, "type": type, "status": status, "raw": raw, "data": raw,
        "at": at.isoformat(), "processed": updated.isoformat() if status == "succeeded" else None,
        "updated": updated.isoformat(),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Owner:
    account: Account
    customer_id: UUID
    subscription_id: UUID

    def names(self) -> dict[str, object]:
        return {"customer": self.customer_id, "subscription": self.subscription_id}


def _customer(owner: _Owner, ids: Ids, *, now: datetime) -> dict[str, object]:
    customer = owner.account.customer
    return {
        "id": owner.customer_id, "owner": str(ids.uuid()), "processor_id": customer["id"], "name": customer["name"],
        "email": customer["email"], "data": json.dumps(customer), "now": now,
    }  # fmt: skip


def _subscription(owner: _Owner, *, now: datetime) -> dict[str, object]:
    subscription, latest = owner.account.subscription, owner.account.invoices[-1]
    return {
        "id": owner.subscription_id, "customer": owner.customer_id, "processor_id": subscription["id"],
        "status": subscription["status"], "start": _moment(latest["period_start"]),
        "end": _moment(latest["period_end"]), "data": json.dumps(subscription), "now": now,
    }  # fmt: skip


def _invoice(owner: _Owner, invoice: Obj) -> dict[str, object]:
    return {
        **owner.names(), "processor_id": invoice["id"], "status": invoice["status"], "amount": invoice["amount_due"],
        "paid": invoice["amount_paid"], "number": invoice["number"], "hosted": invoice["hosted_invoice_url"],
        "pdf": invoice["invoice_pdf"], "start": _moment(invoice["period_start"]),
        "end": _moment(invoice["period_end"]), "data": json.dumps(invoice),
    }  # fmt: skip


def _charge(owner: _Owner, charge: Obj) -> dict[str, object]:
    amount = int(str(charge["amount"]))
    return {
        **owner.names(), "processor_id": charge["id"], "amount": amount, "status": charge["status"],
        "fee": amount * 29 // 1000 + 30, "at": _moment(charge["created"]), "data": json.dumps(charge),
    }  # fmt: skip


def _usage(owner: _Owner, ids: Ids, *, now: datetime) -> dict[str, object]:
    return {
        "customer": owner.customer_id, "cus": owner.account.customer["id"], "value": ids.random.randrange(1, 900),
        "identifier": str(ids.uuid()), "operation": str(ids.uuid()), "at": now - timedelta(hours=3),
    }  # fmt: skip


def _old_webhook(ids: Ids, account: Account, *, at: datetime) -> Obj:
    return webhook_row(
        ids, evt=ids.stripe("evt"), type="invoice.paid", subject=account.invoices[0], status="succeeded", at=at,
        updated=at + timedelta(seconds=1),
    )  # fmt: skip


def _done_job(row: Obj, *, at: datetime) -> dict[str, object]:
    return {
        "state": "completed", "queue": QUEUE, "worker": WORKER, "errors": [], "attempt": 1, "max": MAX_ATTEMPTS,
        "args": json.dumps({"webhook_event_id": row["id"]}), "at": at, "done": at + timedelta(seconds=1),
    }  # fmt: skip


def _moment(unix: object) -> datetime:
    return datetime.fromtimestamp(int(str(unix)), UTC).replace(tzinfo=None)
