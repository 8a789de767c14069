"""The invented business the fake Stripe starts with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.stripe import ledger_objects, objects
from sandbox.world.stripe.books import Books

ENDPOINTS = (
    ("https://accrue.host.example/webhooks/stripe", ["customer.subscription.updated", "invoice.paid"]),
    ("https://billing-worker.adventive.com/webhook/stripe", ["invoice.finalized", "invoice.paid"]),
    ("https://api.aivo.example/payments/webhook/stripe", ["*"]),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One customer with what belongs to it; hosts mirror these rows."""

    customer: Obj
    subscription: Obj
    invoices: tuple[Obj, ...]
    charges: tuple[Obj, ...]


def seed(books: Books, ids: Ids, *, now: datetime, accounts: int) -> list[Account]:
    """Fill empty books and tell the accounts made, each with three months of invoices."""
    start = int((now - timedelta(days=400)).timestamp())
    price = books.put(objects.price(id=ids.stripe("price"), product=ids.stripe("prod", 14), amount=4900, created=start))
    for url, events in ENDPOINTS:
        books.put(objects.webhook_endpoint(id=ids.stripe("we"), url=url, enabled_events=events, created=start))
    made = [_account(books, ids, price=price, now=now, number=number) for number in range(accounts)]
    _rarer_things(books, ids, made, now=now)
    return made


def _account(books: Books, ids: Ids, *, price: Obj, now: datetime, number: int) -> Account:
    person, method = ids.person(), ids.stripe("pm")
    created = int((now - timedelta(days=200 + number)).timestamp())
    customer = books.put(
        objects.customer(
            id=ids.stripe("cus", 14), name=person.name, email=person.email, phone=person.phone, created=created,
            payment_method=method,
        )
    )  # fmt: skip
    cus = str(customer["id"])
    books.put(objects.payment_method(id=method, customer=cus, last4="4242", email=person.email, created=created))
    sub, item = ids.stripe("sub"), ids.stripe("si", 14)
    status = "past_due" if number % 12 == 5 else "trialing" if number % 12 == 9 else "active"
    invoices, charges = [], []
    for age, (begin, end) in enumerate(_months(now)):
        invoice = objects.invoice(
            id=ids.stripe("in"), line=ids.stripe("il"), customer=customer, subscription=sub, subscription_item=item,
            price=price, amount=4900 + 100 * (number % 7), period=(begin, end),
            status="open" if status == "past_due" and age == 2 else "paid", number=f"INV-{number:04d}-{age:04d}",
            metadata={"acct_id": f"{1000 + number}", "inv_uuid": str(ids.uuid())},
        )  # fmt: skip
        invoices.append(books.put(invoice))
        charges.append(_charge(books, ids, customer=customer, invoice=invoice, method=method))
    subscription = books.put(
        objects.subscription(
            id=sub, item=item, customer=cus, price=price, status=status, period=_months(now)[-1],
            latest_invoice=str(invoices[-1]["id"]),
        )
    )  # fmt: skip
    for type_, subject in (("invoice.paid", invoices[0]), ("customer.subscription.updated", subscription)):
        moment = int(now.timestamp()) - 3600 - 60 * number
        books.put(objects.event(id=ids.stripe("evt"), type=type_, created=moment, subject=subject))
    return Account(customer=customer, subscription=subscription, invoices=tuple(invoices), charges=tuple(charges))


def _charge(books: Books, ids: Ids, *, customer: Obj, invoice: Obj, method: str) -> Obj:
    amount, when, movement = int(str(invoice["amount_due"])), int(str(invoice["created"])), ids.stripe("txn")
    failed = invoice["status"] == "open"
    charge = objects.charge(
        id=ids.stripe("ch"), customer=customer, amount=amount, created=when, payment_intent=ids.stripe("pi"),
        payment_method=method, balance_transaction=None if failed else movement,
        failure="insufficient_funds" if failed else None,
    )  # fmt: skip
    if not failed:
        fee = amount * 29 // 1000 + 30
        books.put(
            ledger_objects.balance_transaction(
                id=movement, source=str(charge["id"]), amount=amount, fee=fee, created=when
            )
        )
    return books.put(charge)


def _rarer_things(books: Books, ids: Ids, made: list[Account], *, now: datetime) -> None:
    for item in _one_of_each(ids, made, now=int(now.timestamp())):
        books.put(item)


def _one_of_each(ids: Ids, made: list[Account], *, now: int) -> Iterator[Obj]:
    charge, invoice = made[0].charges[0], made[1].invoices[-1]
    account, coupon = ids.stripe("acct", 16), ids.stripe("coupon", 8)
    movement, refund = ids.stripe("txn"), ids.stripe("re")
    yield ledger_objects.refund(id=refund, charge=charge, amount=900, created=now - 7200, balance_transaction=movement)
    yield ledger_objects.balance_transaction(
        id=movement, source=refund, amount=-900, fee=0, created=now - 7200, type="refund"
    )
    yield ledger_objects.dispute(
        id=ids.stripe("dp"), charge=made[2].charges[0], created=now - 9_000_000, due_by=now - 8_000_000, status="won"
    )
    yield ledger_objects.account(id=account, email=ids.person().email, created=now - 9_000_000)
    for failure in (None, "account_closed"):
        destination = ids.stripe("ba")
        yield ledger_objects.payout(
            id=ids.stripe("po"), amount=120_000, created=now - 86_400, destination=destination, failure=failure
        )
    yield ledger_objects.transfer(id=ids.stripe("tr"), amount=5000, created=now - 86_400, destination=account)
    yield ledger_objects.coupon(id=coupon, created=now - 9_000_000)
    yield ledger_objects.promotion_code(id=ids.stripe("promo"), code="QUARTER", coupon=coupon, created=now - 9_000_000)
    yield ledger_objects.credit_note(id=ids.stripe("cn"), invoice=invoice, amount=500, created=now - 4000)
    buyer = made[3]
    yield ledger_objects.checkout_session(
        id=ids.stripe("cs_test", 40), customer=buyer.customer, subscription=str(buyer.subscription["id"]), amount=4900,
        created=now - 5000,
    )  # fmt: skip
    yield objects.tiered_price(id=ids.stripe("price"), product=ids.stripe("prod", 14), created=now - 9_000_000)
    yield ledger_objects.meter(id=ids.stripe("mtr"), event_name="requests", created=now - 9_000_000)


def _months(now: datetime) -> list[tuple[int, int]]:
    """The last three billing months as Unix seconds, oldest first; the last one has just been billed."""
    end = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    starts = [end - timedelta(days=30 * back) for back in (3, 2, 1)]
    return [(int(begin.timestamp()), int((begin + timedelta(days=30)).timestamp())) for begin in starts]
