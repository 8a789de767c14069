"""What can be done to an invoice at the fake Stripe, and the events that follow."""

# ruff: noqa: A002 - the parameters are Stripe's own words

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.world.effects import Effects
from sandbox.world.faults import Faults
from sandbox.world.http import Answer, Obj
from sandbox.world.ids import Ids
from sandbox.world.stripe import errors, ledger_objects, objects
from sandbox.world.stripe import params as p
from sandbox.world.stripe.books import Books

_EDITABLE = {"auto_advance", "description", "metadata"}


@dataclass(frozen=True, slots=True)
class Invoices:
    """The POST side of /v1/invoices/{id}: pay, update, finalize, send, void, mark_uncollectible."""

    books: Books
    effects: Effects
    faults: Faults
    ids: Ids
    now: Callable[[], datetime]

    def act(self, id: str, verb: str, params: p.Params, *, key: str | None) -> Answer:
        """Do one verb (`update` is the plain POST) as one step."""
        with self.books.lock:
            invoice = self.books.get("invoice", id)
            if invoice is None:
                return errors.missing("invoice", id)
            match verb:
                case "update":
                    answer = self._update(invoice, params)
                case "pay":
                    answer = self._pay(invoice)
                case _:
                    answer = self._move(invoice, verb)
            if answer.status == 200:
                self.effects.record("stripe", f"invoice.{verb}", target=id, source="http", idempotency_key=key)
            return answer

    def _update(self, invoice: Obj, params: p.Params) -> Answer:
        unknown = next((name for name in params if name not in _EDITABLE), None)
        if unknown:
            return errors.invalid(f"Received unknown parameter: {unknown}", param=unknown, code="parameter_unknown")
        fields: Obj = {}
        flag = p.text(params, "auto_advance")
        if flag is not None:
            if flag not in ("true", "false"):
                return errors.invalid(f"Invalid boolean: {flag}", param="auto_advance")
            fields["auto_advance"] = flag == "true"
            if flag == "false":
                fields["next_payment_attempt"] = None
        if isinstance(params.get("description"), str):
            fields["description"] = p.text(params, "description")
        metadata, extra = invoice["metadata"], params.get("metadata")
        if isinstance(metadata, dict) and isinstance(extra, dict):
            fields["metadata"] = {**metadata, **extra}
        return self._changed(invoice, "invoice.updated", fields)

    def _pay(self, invoice: Obj) -> Answer:
        if invoice["status"] == "paid":
            return errors.invalid("Invoice is already paid")
        if invoice["status"] != "open":
            return errors.invalid(f"Invoice cannot be paid while it is {invoice['status']}")
        failed = self.faults.inner("stripe", "card_decline")
        charge = self._charge(invoice, failed=failed)
        if failed:
            self._changed(
                invoice, "invoice.payment_failed", {"attempted": True, "attempt_count": _attempts(invoice) + 1}
            )
            return errors.declined(str(charge["id"]))
        now = self._unix()
        transitions = invoice["status_transitions"]
        fields: Obj = {
            "status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0, "attempted": True,
            "attempt_count": _attempts(invoice) + 1, "next_payment_attempt": None, "auto_advance": False,
            "status_transitions": {**(transitions if isinstance(transitions, dict) else {}), "paid_at": now},
        }  # fmt: skip
        return self._changed(invoice, "invoice.paid", fields)

    def _move(self, invoice: Obj, verb: str) -> Answer:
        before, after, event = _MOVES[verb]
        if invoice["status"] not in before:
            return errors.invalid(f"You can only {verb} an invoice that is {' or '.join(before)}.")
        fields: Obj = {} if after is None else {"status": after, "auto_advance": after == "open"}
        return self._changed(invoice, event, fields)

    def _changed(self, invoice: Obj, event: str, fields: Obj) -> Answer:
        changed = self.books.change("invoice", str(invoice["id"]), **fields)
        self.books.put(objects.event(id=self.ids.stripe("evt"), type=event, created=self._unix(), subject=changed))
        return Answer(json=changed)

    def _charge(self, invoice: Obj, *, failed: bool) -> Obj:
        customer = self.books.get("customer", str(invoice["customer"]))
        if customer is None:
            raise LookupError(f"the invoice {invoice['id']} names a customer that is not in the books")
        amount, now = int(str(invoice["amount_due"])), self._unix()
        movement = None if failed else self.ids.stripe("txn")
        charge = objects.charge(
            id=self.ids.stripe("ch"), customer=customer, amount=amount, created=now,
            payment_intent=self.ids.stripe("pi"), payment_method=self.ids.stripe("pm"), balance_transaction=movement,
            failure="insufficient_funds" if failed else None,
        )  # fmt: skip
        if movement:
            fee = amount * 29 // 1000 + 30
            self.books.put(
                ledger_objects.balance_transaction(
                    id=movement, source=str(charge["id"]), amount=amount, fee=fee, created=now
                )
            )
        return self.books.put(charge)

    def _unix(self) -> int:
        return int(self.now().timestamp())


# verb: (statuses it is allowed in, status after, event)
_MOVES: dict[str, tuple[tuple[str, ...], str | None, str]] = {
    "finalize": (("draft",), "open", "invoice.finalized"),
    "send": (("open",), None, "invoice.sent"),
    "void": (("open", "uncollectible"), "void", "invoice.voided"),
    "mark_uncollectible": (("open",), "uncollectible", "invoice.marked_uncollectible"),
}
VERBS = ("pay", *_MOVES)


def _attempts(invoice: Obj) -> int:
    return int(str(invoice["attempt_count"]))
