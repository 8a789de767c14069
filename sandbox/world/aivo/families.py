"""Which families trouble comes to: some that nothing else has happened to yet."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from sandbox.world.aivo.service import AivoService
from sandbox.world.ids import Ids
from sandbox.world.stripe import objects
from sandbox.world.stripe.books import Books


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """An account with its subscription, here and at Stripe."""

    account: UUID
    tenant: UUID
    subscription: UUID
    cus: str
    sub: str


class Families:
    """Picks active ones, each once, from the end of the table: the wave of downgrades takes its own from the top."""

    def __init__(self, *, service: AivoService, books: Books, ids: Ids) -> None:
        self._service = service
        self._books = books
        self._ids = ids
        self._taken: set[UUID] = set()

    def reset(self) -> None:
        """Nobody is taken."""
        self._taken.clear()

    def pick(self, count: int, *, mirrored: bool) -> list[Family]:
        """`mirrored` ones are at Stripe with a history; of the others Stripe gets to know the bare subscription now."""
        known = [str(each["id"]) for each in self._books.all("subscription")]
        values = {"known": known, "taken": list(self._taken), "count": count, "mirrored": mirrored}
        with self._service.engine.connect() as connection:
            rows = connection.execute(_ACTIVE, values).all()
        found = [
            Family(account=row.account, tenant=row.tenant_id, subscription=row.id, cus=row.cus, sub=row.sub)
            for row in rows
        ]
        self._taken |= {family.account for family in found}
        if not mirrored:
            for family in found:
                self._tell_stripe(family)
        return found

    def charge_again(self, family: Family) -> str:
        """The latest invoice once more, here and at Stripe, and two checkouts a minute apart; their correlation id."""
        correlation = str(self._ids.uuid())
        invoice, charge = self._ids.stripe("in"), self._ids.stripe("ch")
        values = {
            "account": family.account, "correlation": correlation, "in": invoice, "now": self._service.now(),
            "first": self._ids.stripe("cs_test", 40), "second": self._ids.stripe("cs_test", 40),
        }  # fmt: skip
        with self._service.engine.begin() as connection:
            for statement in _CHARGE_AGAIN:
                connection.execute(statement, values)
        now = int(self._service.now().timestamp())
        of_customer = [each for each in self._books.all("invoice") if each["customer"] == family.cus]
        self._books.put({**of_customer[0], "id": invoice, "created": now})
        charges = [each for each in self._books.all("charge") if each["customer"] == family.cus]
        self._books.put({**charges[0], "id": charge, "created": now, "payment_intent": self._ids.stripe("pi")})
        return correlation

    def _tell_stripe(self, family: Family) -> None:
        now = int(self._service.now().timestamp())
        self._books.put(
            objects.subscription(
                id=family.sub, item=self._ids.stripe("si", 14), customer=family.cus, price=self._books.all("price")[-1],
                status="active", period=(now - 12 * 86_400, now + 18 * 86_400), latest_invoice=None,
            )
        )  # fmt: skip


_ACTIVE = text(
    """select a.id as account, a.tenant_id, a.provider_customer_id as cus, s.id, s.provider_subscription_id as sub
       from billing_accounts a join subscriptions s on s.billing_account_id = a.id
       where s.status = 'ACTIVE' and (s.provider_subscription_id = any(cast(:known as text[]))) = :mirrored
         and not (a.id = any(cast(:taken as uuid[])))
         and not exists (select 1 from dunning_events d where d.subscription_id = s.id and not d.completed)
       order by s.id desc limit :count"""
)
_CHARGE_AGAIN = (
    text(
        """insert into invoices (id, billing_account_id, provider_invoice_id, invoice_number, amount_cents,
             amount_due_cents, amount_paid_cents, status, period_start, period_end, issued_at, paid_at, pdf_url)
           select gen_random_uuid(), billing_account_id, :in, invoice_number || '-2', amount_cents, amount_due_cents,
                  amount_due_cents, 'PAID', period_start, period_end, :now, :now, pdf_url
           from invoices where billing_account_id = :account order by period_start desc limit 1"""
    ),
    text(
        """insert into payment_events (billing_account_id, provider_event_id, event_type, payload, processed_at,
                                       created_at)
           select :account, e.id, e.type, jsonb_build_object('correlationId', cast(:correlation as text)), :now,
                  cast(:now as timestamptz) - e.ago
           from (values (cast(:first as text), 'checkout.session.completed', interval '2 minutes'),
                        (cast(:second as text), 'checkout.session.completed', interval '1 minute'),
                        (cast(:in as text), 'invoice.paid', interval '0 s')) as e(id, type, ago)"""
    ),
)
