"""What else can be broken around the Worker, beside the e-mail: as data."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sandbox.world.adventive.outage import Outage
from sandbox.world.adventive.records import Delivery, Drift
from sandbox.world.adventive.worker import ENDPOINT, UNCOLLECTED, Worker
from sandbox.world.breaks import Break, NoOptions
from sandbox.world.http import Obj, texts
from sandbox.world.ids import Ids
from sandbox.world.outbreaks import Outbreaks
from sandbox.world.stripe import ledger_objects, objects
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.webhooks import Webhooks

_TYPE = "invoice.finalized"
_WAITS = "needs_response"
_LONG_AGO = timedelta(hours=26)


class Count(BaseModel):
    """How many."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    count: int = Field(default=2, ge=1, le=20)


class Away(BaseModel):
    """How long, and whether only the probe beside the Worker sees it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    seconds: float = Field(default=120.0, gt=0, le=3600)
    only_probe: bool = False


class Lost(BaseModel):
    """How many units of usage; less than none were billed twice."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    units: int = Field(default=1200, ge=-100_000, le=100_000)


class AdventiveBreaks:
    """Each of them changes what Stripe or the Worker holds, as the real trouble would."""

    def __init__(
        self,
        *,
        worker: Worker,
        outage: Outage,
        books: Books,
        webhooks: Webhooks,
        ids: Ids,
        now: Callable[[], datetime],
    ) -> None:
        self._worker = worker
        self._outage = outage
        self._books = books
        self._webhooks = webhooks
        self._ids = ids
        self._now = now
        self._outbreaks = Outbreaks(now)
        self._outbreaks.add("worker-away", beat=lambda: None, end=self._outage.end)
        self._outbreaks.add("no-stripe", beat=lambda: None, end=self._outage.end)

    def work(self) -> None:
        """One beat: lasting troubles, and what an exporter tells of the invoices at Stripe."""
        self._outbreaks.work()
        for invoice in self._books.all("invoice"):
            if _is_uncollected(invoice):
                self._worker.meters.set(UNCOLLECTED, 1, account="adventive", invoice_id=str(invoice["id"]))
            else:
                self._worker.meters.drop(UNCOLLECTED, account="adventive", invoice_id=str(invoice["id"]))

    def reset(self) -> None:
        """As after a restart."""
        self._outbreaks.reset()
        self._outage.end()

    def all(self) -> Sequence[Break[Any]]:
        """In the order in which they are offered."""
        made = partial(Break[Any], system="adventive")
        return (
            made(
                id="refuse-webhooks",
                title="Refuse Stripe's webhooks",
                about="The Worker threw while Stripe delivered; it is well again, but the events are undelivered.",
                options=Count,
                begin=self._refuse_webhooks,
                is_running=lambda: bool(self._undelivered()),
            ),
            made(
                id="fail-rendering",
                title="Fail to render PDFs",
                about="The renderer ran into its limit, so invoices have no PDF and nobody is mailed.",
                options=Count,
                begin=self._fail_rendering,
                is_running=lambda: self._worker.lasts("fail-rendering"),
            ),
            made(
                id="decline-card",
                title="Decline a card",
                about="A customer's card is declined, so an invoice stays open.",
                options=NoOptions,
                begin=self._decline_card,
                is_running=lambda: any(map(_is_uncollected, self._books.all("invoice"))),
            ),
            made(
                id="lose-usage",
                title="Lose metered usage",
                about="Usage of an account got lost on its way to Stripe, and the reconciliation finds it.",
                options=Lost,
                begin=self._lose_usage,
                is_running=lambda: bool(self._worker.drifting()),
            ),
            made(
                id="miss-reconciliation",
                title="Miss the reconciliation",
                about="The cron trigger was off, so the last reconciliation was more than a day ago.",
                options=NoOptions,
                begin=self._miss,
                is_running=self._is_missed,
            ),
            made(
                id="open-dispute",
                title="Open a dispute",
                about="A customer's bank disputes a charge and asks for evidence.",
                options=NoOptions,
                begin=self._open_dispute,
                is_running=lambda: any(each["status"] == _WAITS for each in self._books.all("dispute")),
            ),
            made(
                id="worker-away",
                title="Take the Worker down",
                about="The Worker answers 503.",
                options=Away,
                begin=self._take_down,
                is_running=lambda: self._outbreaks.is_on("worker-away"),
            ),
            made(
                id="no-stripe",
                title="Cut the Worker off from Stripe",
                about="The Worker's Stripe key was revoked.",
                options=Away,
                begin=self._disconnect,
                is_running=lambda: self._outbreaks.is_on("no-stripe"),
            ),
        )

    def _refuse_webhooks(self, wanted: Count) -> Obj:
        endpoint = self._webhooks.endpoint(ENDPOINT)
        assert endpoint is not None  # the seed has it
        before = int(self._now().timestamp()) - 600
        made = [
            self._books.put(
                objects.event(id=self._ids.stripe("evt"), type=_TYPE, created=before - 60 * at, subject=each, pending=1)
            )
            for at, each in enumerate(self._books.all("invoice")[: wanted.count])
        ]
        ids = [str(event["id"]) for event in made]
        return {"endpoint_id": endpoint["id"], "event_id": ids[0], "event_ids": texts(ids), "type": _TYPE}

    def _undelivered(self) -> list[Obj]:
        return [event for event in self._books.all("event") if event["type"] == _TYPE and event["pending_webhooks"]]

    def _fail_rendering(self, wanted: Count) -> Obj:
        broken = self._some(wanted.count)
        for delivery in broken:
            self._worker.lose_pdf(delivery.invoice_id, cause="fail-rendering")
        ids = [delivery.invoice_id for delivery in broken]
        return {"invoice_id": ids[0], "invoice_ids": texts(ids)}

    def _some(self, count: int) -> list[Delivery]:
        """From the end of the list, for the e-mail's scenario draws from all of it."""
        return self._worker.delivered()[-count:]

    def _decline_card(self, _: NoOptions) -> Obj:
        invoices = self._books.all("invoice")
        invoice = next(each for each in invoices if each["status"] == "open" and not _is_uncollected(each))
        later = int((self._now() + timedelta(days=3)).timestamp())
        changed = self._books.change(
            "invoice", str(invoice["id"]), attempted=True, attempt_count=1, next_payment_attempt=later
        )
        return {"invoice_id": changed["id"], "customer": changed["customer"]}

    def _lose_usage(self, wanted: Lost) -> Obj:
        delivery = self._some(len(self._worker.drifting()) + 3)[0]
        period = (self._now().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
        drift = Drift(
            account_id=delivery.acct_id, period=period, usage_type="ST", counted=50_000.0,
            billed=50_000.0 - wanted.units, invoice_id=delivery.invoice_id,
        )  # fmt: skip
        self._worker.drift(drift)
        return {"account_id": drift.account_id, "period": drift.period, "usage_type": drift.usage_type}

    def _miss(self, _: NoOptions) -> Obj:
        self._worker.forget_reconciliation(hours=30)
        return {"ran_at": self._worker.reconciled().ran_at.isoformat()}

    def _is_missed(self) -> bool:
        return self._now() - self._worker.reconciled().ran_at > _LONG_AGO

    def _open_dispute(self, _: NoOptions) -> Obj:
        charge = next(each for each in self._books.all("charge") if each["paid"] and not each["disputed"])
        self._books.change("charge", str(charge["id"]), disputed=True)
        now = int(self._now().timestamp())
        dispute = self._books.put(
            ledger_objects.dispute(id=self._ids.stripe("dp"), charge=charge, created=now, due_by=now + 600_000)
        )
        return {"dispute_id": dispute["id"], "charge": charge["id"], "customer": charge["customer"]}

    def _take_down(self, wanted: Away) -> Obj:
        self._outage.probe_fails, self._outage.is_down = True, not wanted.only_probe
        self._outbreaks.start("worker-away", seconds=wanted.seconds)
        return {}

    def _disconnect(self, wanted: Away) -> Obj:
        self._outage.poller_sees_none, self._outage.is_disconnected = True, not wanted.only_probe
        self._outbreaks.start("no-stripe", seconds=wanted.seconds)
        return {}


def _is_uncollected(invoice: Obj) -> bool:
    return invoice["status"] == "open" and bool(invoice["attempted"])
