"""What else can be broken around Aivo, beside the wave of downgrades: as data."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from sandbox.world.aivo import wounds
from sandbox.world.aivo.families import Families, Family
from sandbox.world.aivo.service import AivoService
from sandbox.world.aivo.troubles import Trouble
from sandbox.world.breaks import Break
from sandbox.world.http import Obj, texts
from sandbox.world.ids import Ids
from sandbox.world.stripe import objects
from sandbox.world.stripe.books import Books

_UPDATED = "customer.subscription.updated"


class Options(BaseModel):
    """What all of them refuse: a parameter they do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rate(Options):
    """How many in all, how many at once, and how fast the rest follow."""

    count: int = Field(default=300, ge=1, le=5000)
    at_once: int = Field(default=60, ge=0, le=5000)
    per_beat: int = Field(default=1, ge=1, le=100)
    events: int = Field(default=3, ge=0, le=20, description="events at Stripe that are lost or wait because of it")


class Many(Options):
    """How many families."""

    count: int = Field(default=3, ge=1, le=60)


class Overdue(Many):
    ended: bool = Field(default=False, description="Stripe has ended the subscription, instead of having the money")


class One(Many):
    count: int = Field(default=1, ge=1, le=10)


class Crowd(Many):
    count: int = Field(default=30, ge=1, le=150)


class Trials(Many):
    count: int = Field(default=40, ge=1, le=60)


class Length(Options):
    """How long."""

    seconds: float = Field(default=60, gt=0, le=600)


class AivoBreaks:
    """Each of them changes what Stripe, the tables or the counters hold, as the real trouble would."""

    def __init__(self, *, service: AivoService, books: Books, ids: Ids) -> None:
        self.service = service
        self.books = books
        self.ids = ids
        self.families = Families(service=service, books=books, ids=ids)
        self._expired: dict[str, list[UUID]] = {}  # by break: the subscriptions that it let expire

    def reset(self) -> None:
        """Nobody is hit yet."""
        self.families.reset()
        self._expired.clear()

    def all(self) -> Sequence[Break[Any]]:
        """In the order in which they are offered."""
        return (
            self._counting(
                "webhook-errors", "Fail on Stripe's webhooks", "processing_error", self._lose_webhooks,
                "payments-svc answers 200 and processes nothing: sixty at once, then two a second for two minutes.",
            ),
            self._counting(
                "webhook-signatures", "Change the webhook secret", "invalid_signature", self._refuse_webhooks,
                "payments-svc has another secret than Stripe: every webhook is refused, and waits at Stripe.",
            ),
            self._counting(
                "invoices-failing", "Fail payments", "invoice_failed", self._fail_payments,
                "A bank declines: more than a hundred invoices fail within minutes.",
            ),
            Break(
                id="subscriptions-out-of-sync", title="Lose subscription events", system="aivo", options=Many,
                about="Three families pay, but the event that renews them was lost: the app shows them as expired.",
                begin=lambda wanted: self._expire(wanted.count, mirrored=True, cause="few"),
                is_running=lambda: self._are_expired("few"),
            ),
            Break(
                id="subscriptions-out-of-sync-many", title="Lose many subscription events", system="aivo",
                options=Crowd, about="The same for thirty families at once: too many to look at one by one.",
                begin=lambda wanted: self._expire(wanted.count, mirrored=False, cause="many"),
                is_running=lambda: self._are_expired("many"),
            ),
            Break(
                id="charged-twice", title="Charge a family twice", system="aivo", options=One,
                about="A parent pressed twice: two checkouts, two paid invoices of one period.",
                begin=self._charge_twice, is_running=lambda: self._exists(wounds.DOUBLED),
            ),
            Break(
                id="entitlements-mismatch", title="Take entitlements away", system="aivo", options=Many,
                about="Three families pay, but a sync failed half-way and some modules are off.",
                begin=self._take_away, is_running=lambda: self._exists(wounds.LACKING),
            ),
            Break(
                id="dunning-overdue", title="Forget dunning steps", system="aivo", options=Overdue,
                about="Three families paid meanwhile, but nobody took the dunning step that was due hours ago.",
                begin=self._forget, is_running=lambda: self._exists(wounds.OVERDUE),
            ),
            Break(
                id="trials-expiring", title="Let trials end together", system="aivo", options=Trials,
                about="Forty trials of one campaign end within two days.",
                begin=self._end_trials, is_running=lambda: self._exists(wounds.ENDING),
            ),
            Break(
                id="payments-svc-down", title="Stop payments-svc", system="aivo", options=Length,
                about="payments-svc answers nothing for a minute: neither Stripe, nor Prometheus, nor the bot.",
                begin=self._go_down, is_running=self.service.is_down,
            ),
        )  # fmt: skip

    def _counting(self, id: str, title: str, trouble: Trouble, events: Any, about: str) -> Break[Rate]:  # noqa: A002
        def begin(wanted: Rate) -> Obj:
            told: Obj = events(wanted.events)
            self.service.troubles.begin(trouble, count=wanted.count, at_once=wanted.at_once, per_beat=wanted.per_beat)
            return told

        return Break(
            id=id, title=title, system="aivo", about=about, options=Rate, begin=begin,
            is_running=lambda: self.service.troubles.lasts(trouble),
        )  # fmt: skip

    def _lose_webhooks(self, count: int) -> Obj:
        """Answered 200, so that Stripe believes they arrived."""
        return self._events(count, pending=0)

    def _refuse_webhooks(self, count: int) -> Obj:
        return self._events(count, pending=1)

    def _events(self, count: int, *, pending: int) -> Obj:
        found = self.families.pick(count, mirrored=True)
        ids = [str(self._event(family, pending=pending)["id"]) for family in found]
        return {
            "event_ids": texts(ids),
            "subscriptions": texts(str(family.subscription) for family in found),
            "type": _UPDATED,
        }

    def _event(self, family: Family, *, pending: int) -> Obj:
        subject = self.books.get("subscription", family.sub)
        assert subject is not None  # it was picked because Stripe has it
        at = int(self.service.now().timestamp()) - 30
        return self.books.put(
            objects.event(id=self.ids.stripe("evt"), type=_UPDATED, created=at, subject=subject, pending=pending)
        )

    def _fail_payments(self, count: int) -> Obj:
        at = int(self.service.now().timestamp()) - 60
        made = []
        for invoice in self.books.all("invoice")[:count]:
            event = objects.event(id=self.ids.stripe("evt"), type="invoice.payment_failed", created=at, subject=invoice)
            made.append(str(self.books.put(event)["id"]))
        return {"event_ids": texts(made), "type": "invoice.payment_failed"}

    def _expire(self, count: int, *, mirrored: bool, cause: str) -> Obj:
        found = self.families.pick(count, mirrored=mirrored)
        self._expired.setdefault(cause, []).extend(family.subscription for family in found)
        events = [str(self._event(family, pending=0)["id"]) for family in found]
        self._do(found, wounds.EXPIRE)
        return {**_named(found), "event_ids": texts(events)}

    def _are_expired(self, cause: str) -> bool:
        values = {"now": self.service.now(), "subscriptions": self._expired.get(cause, [])}
        with self.service.engine.connect() as connection:
            return int(connection.execute(wounds.PAID_AND_EXPIRED, values).scalar_one()) > 0

    def _charge_twice(self, wanted: One) -> Obj:
        found = self.families.pick(wanted.count, mirrored=True)
        correlations = [self.families.charge_again(family) for family in found]
        return {**_named(found), "correlation": correlations[0]}

    def _take_away(self, wanted: Many) -> Obj:
        found = self.families.pick(wanted.count, mirrored=True)
        self._do(found, wounds.TAKE_AWAY)
        self.service.troubles.count("sync_failure", by=wanted.count)
        return _named(found)

    def _forget(self, wanted: Overdue) -> Obj:
        found = self.families.pick(wanted.count, mirrored=True)
        if wanted.ended:
            for family in found:
                self.books.change("subscription", family.sub, status="canceled")
        self._do(found, *wounds.FORGET, hours=4 if wanted.ended else 5)
        return _named(found)

    def _end_trials(self, wanted: Trials) -> Obj:
        with self.service.engine.begin() as connection:
            done = connection.execute(wounds.END_TRIALS, {"now": self.service.now(), "count": wanted.count})
        return {"trials": done.rowcount}

    def _go_down(self, wanted: Length) -> Obj:
        self.service.go_down(timedelta(seconds=wanted.seconds))
        return {"seconds": wanted.seconds}

    def _do(self, found: Sequence[Family], *statements: Any, **more: object) -> None:
        values = {
            "subscriptions": [family.subscription for family in found],
            "tenants": [family.tenant for family in found],
            "now": self.service.now(),
            **more,
        }
        with self.service.engine.begin() as connection:
            for statement in statements:
                connection.execute(statement, values)

    def _exists(self, query: Any) -> bool:
        with self.service.engine.connect() as connection:
            return connection.execute(query, {"now": self.service.now()}).first() is not None


def _named(found: Sequence[Family]) -> Obj:
    return {
        "subscription": str(found[0].subscription) if found else None,
        "tenants": texts(str(family.tenant) for family in found),
        "accounts": texts(str(family.account) for family in found),
        "subscriptions": texts(str(family.subscription) for family in found),
        "provider_subscriptions": texts(family.sub for family in found),
    }
