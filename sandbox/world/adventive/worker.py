"""The billing Worker's state: which invoice has its PDF, and what became of its e-mail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import RLock

from sandbox.world.adventive.database import Rows
from sandbox.world.adventive.records import Delivery, Drift, EmailState, Reconciled
from sandbox.world.effects import Effects
from sandbox.world.faults import Faults
from sandbox.world.http import Obj
from sandbox.world.mailgun import ListName, Mail, Mailgun
from sandbox.world.meters import Meters
from sandbox.world.stripe.books import Books

FAILED_MAILS = "adventive_mailgun_failed_total"
FAILED_PDFS = "adventive_pdf_render_failed_total"
UNDELIVERED = "adventive_invoice_undelivered"
NO_PDF = "adventive_invoice_pdf_missing"
UNCOLLECTED = "stripe_invoices_uncollected"
RAN_AT = "adventive_reconcile_last_success_timestamp_seconds"
ENDPOINT = "https://billing-worker.adventive.com/webhook/stripe"


class Worker:
    """Renders, mails, reconciles. E-mail is withheld while the PDF is missing, as the runbook says."""

    def __init__(
        self,
        *,
        rows: Rows,
        books: Books,
        mailgun: Mailgun,
        effects: Effects,
        faults: Faults,
        now: Callable[[], datetime],
    ) -> None:
        self._rows = rows
        self._books = books
        self._mailgun = mailgun
        self._effects = effects
        self._now = now
        self._lock = RLock()
        self.faults = faults
        self.meters = Meters()

    def begin(self, invoices: list[str]) -> None:
        """All these invoices rendered and delivered; the exporter's counters stand at zero."""
        with self._lock:
            self._rows.rebuild()
            self.meters.reset()
            mails = {invoice_id: self._mail(invoice_id) for invoice_id in invoices}
            self._rows.add([(self._first(invoice_id), mail.to) for invoice_id, mail in mails.items()])
            for mail in mails.values():
                self._mailgun.send(mail)
            for name in (FAILED_MAILS, FAILED_PDFS):
                self.meters.inc(name, 0)
            self._reconciled()

    def receive(self, event: Obj) -> bool:
        """Stripe's webhook: taken and noted, unless the Worker is throwing."""
        if self.faults.inner("adventive", "handler_bug"):
            return False
        self._record("webhook.received", str(event["id"]), None)
        return True

    def delivery(self, invoice_id: str) -> Delivery | None:
        """What is known of one invoice."""
        return self._rows.delivery(invoice_id)

    def undelivered(self) -> list[Delivery]:
        """Those whose e-mail did not arrive."""
        return self._rows.undelivered()

    def lasts(self, cause: str) -> bool:
        """Whether an e-mail that this broke is undelivered still."""
        return bool(self._rows.undelivered(broken_by=cause))

    def delivered(self) -> list[Delivery]:
        """Those whose e-mail arrived."""
        return self._rows.delivered()

    def has_pdf(self, key: str) -> bool:
        """Whether R2 holds an object under that key."""
        acct_id, _, name = key.partition("/")
        return self._rows.has_pdf(acct_id, name.removesuffix(".pdf"))

    def render(self, invoice_id: str, *, key: str | None) -> bool:
        """Render one PDF; False when the rendering fails."""
        if self.faults.inner("adventive", "pdf_render"):
            self.meters.inc(FAILED_PDFS)
            return False
        with self._lock:
            self._rows.change(replace(self._known(invoice_id), pdf=True, last_event_at=self._now()))
            self.meters.drop(NO_PDF, invoice_id=invoice_id)
        self._record("invoice.pdf_rendered", invoice_id, key)
        return True

    def resend(self, invoice_id: str, *, key: str | None) -> Delivery:
        """Mail one invoice again, through Mailgun; with no PDF it is withheld and nobody is written to."""
        with self._lock:
            delivery = self._known(invoice_id)
            if not delivery.pdf:
                return self._settle(
                    invoice_id, email="suppressed", reason="pdf_missing", action="email_withheld", key=key
                )
            mail = self._mail(invoice_id)
            if self._mailgun.send(mail) == "delivered":
                return self._settle(invoice_id, email="delivered", reason=None, action="email_sent", key=key)
            self.meters.inc(FAILED_MAILS)
            reason = f"recipient on the {self._mailgun.suppression(mail.to)} list"
            return self._settle(invoice_id, email="suppressed", reason=reason, action="email_refused", key=key)

    def lose_pdf(self, invoice_id: str, *, cause: str) -> None:
        """Rendering failed and so did the e-mail: the trouble a scenario makes."""
        with self._lock:
            self._rows.change(replace(self._known(invoice_id), pdf=False), broken_by=cause)
            self.meters.set(NO_PDF, 1, invoice_id=invoice_id)
            self._fail(invoice_id, email="failed", reason="attachment missing: pdf_render_failed")
            self.meters.inc(FAILED_PDFS)

    def suppress_recipient(self, invoice_id: str, name: ListName, *, cause: str) -> None:
        """The address bounced before: Mailgun refuses it."""
        with self._lock:
            self._rows.change(self._known(invoice_id), broken_by=cause)
            self._mailgun.suppress(self._mail(invoice_id).to, name, error="No such mailbox")
            self._fail(invoice_id, email="suppressed", reason=f"recipient on the {name} list")

    def reconcile(self, *, key: str | None) -> Reconciled:
        """Check every account against Stripe."""
        with self._lock:
            last = self._reconciled()
        self._record("reconcile.run", f"{last.accounts} accounts", key)
        return last

    def reconciled(self) -> Reconciled:
        """What the last reconciliation found."""
        return self._rows.last()

    def drift(self, drift: Drift) -> None:
        """Usage that got lost on its way, and that the poller's reconciliation finds."""
        with self._lock:
            self._rows.drift(drift)
            self._reconciled()

    def drifting(self) -> list[Drift]:
        """What still drifts."""
        return self._rows.drifting()

    def forget_reconciliation(self, *, hours: float) -> None:
        """As if the last run had been so long ago: the cron trigger has been off."""
        with self._lock:
            last = self._rows.forget(before=timedelta(hours=hours))
            self.meters.set(RAN_AT, last.ran_at.timestamp())

    def post_usage(self, slot: str, quantity: float, *, key: str | None) -> bool:
        """Record usage once per account, period and type; False for a second post to the same slot."""
        with self._lock:
            if not self._rows.record_usage(slot, quantity, now=self._now()):
                return False
            for drift in self._rows.drifting():
                if drift.slot == slot and drift.billed + quantity == drift.counted:
                    self._rows.mend(drift)
        self._record("usage.recorded", slot, key)
        return True

    def _fail(self, invoice_id: str, *, email: EmailState, reason: str) -> None:
        code, message = (605, "Not delivering to a suppressed address") if email == "suppressed" else (400, reason)
        kind = "suppress-bounce" if email == "suppressed" else "generic"
        self._mailgun.log(self._mail(invoice_id), event="failed", code=code, message=message, reason=kind)
        self._set(invoice_id, email=email, reason=reason)
        self.meters.inc(FAILED_MAILS)

    def _settle(
        self, invoice_id: str, *, email: EmailState, reason: str | None, action: str, key: str | None
    ) -> Delivery:
        self._record(f"invoice.{action}", invoice_id, key)
        return self._set(invoice_id, email=email, reason=reason)

    def _set(self, invoice_id: str, *, email: EmailState, reason: str | None) -> Delivery:
        changed = replace(self._known(invoice_id), email=email, reason=reason, last_event_at=self._now())
        delivery = self._rows.change(changed)
        if email == "delivered":
            self.meters.drop(UNDELIVERED, invoice_id=invoice_id)
        else:
            self.meters.set(UNDELIVERED, 1, invoice_id=invoice_id)
        return delivery

    def _known(self, invoice_id: str) -> Delivery:
        delivery = self._rows.delivery(invoice_id)
        if delivery is None:
            raise LookupError(f"invoice {invoice_id} is none of the Worker's")
        return delivery

    def _first(self, invoice_id: str) -> Delivery:
        invoice = self._books.get("invoice", invoice_id)
        metadata = invoice["metadata"] if invoice else None
        if not isinstance(metadata, dict):
            raise TypeError(f"invoice {invoice_id} is not in the books or has no metadata")
        return Delivery(
            invoice_id=invoice_id, acct_id=str(metadata["acct_id"]), inv_uuid=str(metadata["inv_uuid"]), pdf=True,
            email="delivered", last_event_at=self._now(),
        )  # fmt: skip

    def _mail(self, invoice_id: str) -> Mail:
        invoice = self._books.get("invoice", invoice_id)
        if invoice is None:
            raise LookupError(f"invoice {invoice_id} is not in the books")
        subject = f"Invoice {invoice['number']} for {invoice['customer_name']}"
        return Mail(to=str(invoice["customer_email"]), subject=subject, template="invoice_new", invoice_id=invoice_id)

    def _reconciled(self) -> Reconciled:
        accounts = self._rows.accounts()
        last = Reconciled(ran_at=self._now(), accounts=accounts, drifts=tuple(self._rows.drifting()))
        self._rows.reconciled(last)
        drifting = len({drift.account_id for drift in last.drifts})
        self.meters.set("adventive_reconcile_drift_count", drifting)
        self.meters.set("adventive_reconcile_accounts_checked", accounts)
        self.meters.set("adventive_reconcile_status_clean", 0 if drifting else 1)
        self.meters.set(RAN_AT, last.ran_at.timestamp())
        return last

    def _record(self, action: str, target: str, key: str | None) -> None:
        self._effects.record("adventive", action, target=target, source="http", idempotency_key=key)
