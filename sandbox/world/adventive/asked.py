"""What somebody asks for at Adventive, and no metric tells: the host's own tools send the event."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.world.breaks import Break, NoOptions
from sandbox.world.http import Obj
from sandbox.world.ops_events import OpsEvents
from sandbox.world.stripe.books import Books

_LASTS = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """One thing that is asked for: the event that tells it, and what it concerns."""

    id: str
    title: str
    about: str
    event: str
    concerns: Callable[[Books], Obj] = lambda _: {}


def _invoice(books: Books) -> Obj:
    return {"invoice_id": books.all("invoice")[0]["id"]}


def _charge(books: Books) -> Obj:
    paid = next(each for each in books.all("charge") if each["paid"] and not each["disputed"])
    return {"charge": paid["id"]}


def _customer(books: Books) -> Obj:
    return {"customer": books.all("customer")[0]["id"]}


WISHES = (
    Wish(
        id="doubt-amount", title="Doubt an invoice's amount", event="adventive.invoice.amount_disputed",
        concerns=_invoice, about="A customer writes that an invoice is too high; the help desk's tool tells of it.",
    ),
    Wish(
        id="ask-refund", title="Ask for a refund", event="adventive.refund.requested", concerns=_charge,
        about="A customer asks for money back; the help desk's tool tells of it.",
    ),
    Wish(
        id="ask-new-card", title="Ask for another card", event="adventive.payment_method.requested",
        concerns=_customer, about="A customer wants to pay by another card; the help desk's tool tells of it.",
    ),
    Wish(
        id="miss-bookings", title="Miss bookings in QuickBooks", event="adventive.acodei.sync_stale",
        about="Bookkeeping sees that Acodei has brought nothing for hours.",
    ),
    Wish(
        id="deploy-worker", title="Deploy the Worker", event="adventive.worker.deployed",
        about="The deployment's last step tells that a new version of the Worker is out.",
    ),
)  # fmt: skip


class Asked:
    """Each is told once it is asked for, and is happening for a minute."""

    def __init__(self, *, books: Books, ops_events: OpsEvents, now: Callable[[], datetime]) -> None:
        self._books = books
        self._ops_events = ops_events
        self._now = now
        self._since: dict[str, datetime] = {}

    def reset(self) -> None:
        """Nobody has asked yet."""
        self._since.clear()

    def all(self) -> Sequence[Break[Any]]:
        """In the order in which they are offered."""
        return [self._break(wish) for wish in WISHES]

    def _break(self, wish: Wish) -> Break[NoOptions]:
        def begin(_: NoOptions) -> Obj:
            concerns = wish.concerns(self._books)
            self._since[wish.id] = self._now()
            self._ops_events.tell(wish.event, concerns, at=self._now())
            return concerns

        return Break(
            id=wish.id, title=wish.title, system="adventive", about=wish.about, options=NoOptions, begin=begin,
            is_running=lambda: wish.id in self._since and self._now() - self._since[wish.id] < _LASTS,
        )  # fmt: skip
