"""The quieter rows an Accrue host starts with: cards, Braintree's customers, Connect, yesterday's scheduled work."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from sandbox.world.accrue import rows
from sandbox.world.ids import Ids
from sandbox.world.stripe.books import Books

BRAINTREE_CUSTOMERS = 4
_CARDS = text(
    """insert into accrue_payment_methods (customer_id, processor, processor_id, type, is_default, fingerprint,
         card_brand, card_last4, exp_month, exp_year, inserted_at, updated_at)
       select id, processor, 'pm_' || left(replace(cast(id as text), '-', ''), 24), 'card', true, 'FpPlanted' ||
         left(cast(id as text), 7), 'visa', '4242', extract(month from cast(:soon as timestamp)),
         extract(year from cast(:soon as timestamp)) + case when row_number() over (order by id) <= 2 then 0 else 3 end,
         inserted_at, inserted_at
       from accrue_customers"""
)


def seed_more(connection: Connection, ids: Ids, books: Books, *, now: datetime) -> None:
    """After the accounts are mirrored."""
    for _ in range(BRAINTREE_CUSTOMERS):
        _braintree(connection, ids, now=now)
    connection.execute(_CARDS, {"soon": now})
    rows.put(
        connection, "accrue_meter_definitions", processor="braintree", event_name="api_calls", price_id="plan_usage",
        aggregation_mode="sum", active=True, inserted_at=now, updated_at=now,
    )  # fmt: skip
    for account in books.all("account"):
        rows.put(
            connection, "accrue_connect_accounts", stripe_account_id=account["id"], owner_type="Seller",
            owner_id=ids.uuid(), type="express", country="US", email=ids.person().email, charges_enabled=True,
            details_submitted=True, payouts_enabled=True, capabilities=account["capabilities"],
            requirements=account["requirements"], inserted_at=now, updated_at=now - timedelta(days=3),
        )  # fmt: skip
    rows.put(
        connection, "accrue_discount_mappings", processor="stripe", code="QUARTER", coupon_id="quarter", active=True,
        inserted_at=now, updated_at=now - timedelta(days=3),
    )  # fmt: skip
    for worker, queue in (
        ("Accrue.Jobs.DetectExpiringCards", "accrue_scheduled"),
        ("Accrue.Jobs.ReconcileChargeFees", "accrue_reconcilers"),
        ("Accrue.Jobs.ReconcileRefundFees", "accrue_reconcilers"),
        ("Accrue.Webhook.Pruner", "accrue_maintenance"),
    ):
        at = now - timedelta(hours=9)
        rows.put(
            connection, "oban_jobs", state="completed", queue=queue, worker=worker, attempt=1, max_attempts=3,
            inserted_at=at, scheduled_at=at, attempted_at=at, completed_at=at,
        )  # fmt: skip


def _braintree(connection: Connection, ids: Ids, *, now: datetime) -> None:
    """A customer billed by usage, settled through Braintree, with one window that was paid a month ago."""
    person = ids.person()
    customer = rows.put(
        connection, "accrue_customers", owner_type="Team", owner_id=ids.uuid(), processor="braintree",
        processor_id=f"bt_{ids.random.randrange(10**9)}", name=person.name, email=person.email,
        data={"email": person.email}, inserted_at=now, updated_at=now,
    )  # fmt: skip
    start = now - timedelta(days=60)
    subscription = rows.put(
        connection, "accrue_subscriptions", customer_id=customer, processor="braintree",
        processor_id=f"btsub{ids.random.randrange(10**9)}", status="active",
        current_period_start=start + timedelta(days=30), current_period_end=now + timedelta(days=1),
        data={}, inserted_at=start, updated_at=start,
    )  # fmt: skip
    renewal = window(
        connection, {"id": subscription, "customer_id": customer}, start=start, state="paid", ids=ids,
        now=now - timedelta(days=30), amount=3200, paid=True,
    )  # fmt: skip
    rows.put(
        connection, "accrue_metered_charge_attempts", metered_renewal_id=renewal, status="paid",
        processor_charge_id=f"bt{ids.random.randrange(10**9)}", paid_at=now - timedelta(days=30),
        inserted_at=now - timedelta(days=30), updated_at=now - timedelta(days=30),
    )  # fmt: skip


def window(
    connection: Connection, subscription: dict[str, object], *, start: datetime, state: str, ids: Ids, now: datetime,
    amount: int, paid: bool = False, trigger: str = "webhook",
) -> str:  # fmt: skip
    """A metered renewal with its local invoice; answers the renewal's id."""
    invoice = rows.put(
        connection, "accrue_invoices", customer_id=subscription["customer_id"], subscription_id=subscription["id"],
        processor="braintree", processor_id=None, status="paid" if paid else "open", total_minor=amount,
        amount_due_minor=amount, amount_paid_minor=amount if paid else 0, amount_remaining_minor=0 if paid else amount,
        currency="usd", number=f"BT-{ids.random.randrange(10**9)}", period_start=start,
        period_end=start + timedelta(days=30), finalized_at=now, data={}, inserted_at=now, updated_at=now,
    )  # fmt: skip
    return rows.put(
        connection, "accrue_metered_renewals", subscription_id=subscription["id"],
        customer_id=subscription["customer_id"], processor="braintree", state=state, period_start=start,
        period_end=start + timedelta(days=30), trigger_source=trigger, snapshot={}, invoice_id=invoice,
        invoice_status="authored", invoice_authored_at=now, paid_at=now if paid else None, inserted_at=now,
        updated_at=now,
    )  # fmt: skip
