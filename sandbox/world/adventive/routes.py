"""The Worker over HTTP: health, /admin behind Cloudflare Access, usage, R2 and the exporter's metrics.

`GET /admin/invoices/{id}/delivery`, `/admin/deliveries` and `/admin/reconcile/last` are proposals of ours, read-only;
the rest is in the Worker's runbook.
"""

import hmac
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.routing import BaseRoute

from sandbox.world import keys
from sandbox.world.adventive.outage import Outage
from sandbox.world.adventive.records import Delivery, Reconciled
from sandbox.world.adventive.worker import Worker
from sandbox.world.http import Answer, Call, Obj, Work, route
from sandbox.world.replies import Replies, once_by_key

VERSION = "2026.11.3"


class InvoiceBody(BaseModel):
    """Which invoice."""

    model_config = ConfigDict(extra="forbid")
    invoice_id: str = Field(pattern=r"^in_[A-Za-z0-9]+$")


class UsageBody(BaseModel):
    """Usage that was missed."""

    model_config = ConfigDict(extra="forbid")
    account_id: str
    period: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    usage_type: Literal["ST", "RM", "CV"]
    quantity: float = Field(gt=0)


class AdventiveRoutes:
    """Everything under /hosts/adventive."""

    def __init__(self, worker: Worker, outage: Outage) -> None:
        self._worker = worker
        self._outage = outage
        self._replies = Replies()

    def reset(self) -> None:
        """Forget stored replies."""
        self._replies.reset()

    def all(self) -> list[BaseRoute]:
        """The routes, relative to the Worker's base URL."""
        return [
            route("/health", self._health, methods=["GET"]),
            route("/metrics", self._metrics, methods=["GET"]),
            route("/admin/reconcile", _access(self._reconcile), methods=["GET"]),
            route("/admin/reconcile/last", _access(self._last), methods=["GET"]),
            route("/admin/deliveries", _access(self._undelivered), methods=["GET"]),
            route("/admin/render-pdf", _access(self._once(self._render)), methods=["POST"]),
            route("/admin/resend-invoice", _access(self._once(self._resend)), methods=["POST"]),
            route("/admin/invoices/{id}/delivery", _access(self._delivery), methods=["GET"]),
            route("/usage", _access(self._once(self._usage)), methods=["POST"]),
            route("/r2/{acct_id}/{file}", _access(self._r2), methods=["GET", "HEAD"]),
        ]

    def _once(self, work: Work) -> Work:
        return once_by_key(self._replies, work)

    def _health(self, _: Call) -> Answer:
        if self._outage.is_down:
            return Answer(status=503, json={"status": "error", "version": VERSION, "stripe_connected": False})
        return Answer(json={"status": "ok", "version": VERSION, "stripe_connected": self._is_connected()})

    def _is_connected(self) -> bool:
        if self._outage.is_disconnected:
            return False
        return not self._worker.faults.inner("adventive", "stripe_disconnected")

    def _metrics(self, _: Call) -> Answer:
        """The Worker has none of its own: this is the exporter and the blackbox probe beside it."""
        meters = self._worker.meters
        up = not self._outage.probe_fails
        meters.set(
            "adventive_health_stripe_connected", 0 if self._outage.poller_sees_none else int(self._is_connected())
        )
        meters.set("probe_success", int(up))
        meters.set("probe_http_status_code", 200 if up else 503)
        meters.set("probe_duration_seconds", 0.012)
        return Answer(text=meters.text(), media="text/plain; version=0.0.4; charset=utf-8")

    def _reconcile(self, call: Call) -> Answer:
        """A GET that does work; `detail=true` adds the drifts."""
        found = self._worker.reconcile(key=call.headers.get("idempotency-key"))
        return Answer(json=_found(found, detail=call.one("detail") == "true"))

    def _last(self, _: Call) -> Answer:
        """What the last reconciliation found; asking does nothing."""
        found = self._worker.reconciled()
        return Answer(json={**_found(found, detail=True), "ran_at": found.ran_at.isoformat()})

    def _undelivered(self, _: Call) -> Answer:
        return Answer(json={"undelivered": [_told(each) for each in self._worker.undelivered()]})

    def _render(self, call: Call) -> Answer:
        found = self._find(call)
        if isinstance(found, Answer):
            return found
        if not self._worker.render(found.invoice_id, key=call.headers.get("idempotency-key")):
            return Answer(status=500, json={"error": "pdf_render_failed", "invoice_id": found.invoice_id})
        return Answer(json={"invoice_id": found.invoice_id, "pdf": "present", "key": found.key})

    def _resend(self, call: Call) -> Answer:
        found = self._find(call)
        if isinstance(found, Answer):
            return found
        return Answer(json=_told(self._worker.resend(found.invoice_id, key=call.headers.get("idempotency-key"))))

    def _delivery(self, call: Call) -> Answer:
        delivery = self._worker.delivery(call.at["id"])
        if delivery is None:
            return Answer(status=404, json={"error": "invoice_not_found"})
        return Answer(json=_told(delivery))

    def _usage(self, call: Call) -> Answer:
        try:
            body = UsageBody.model_validate(call.json())
        except ValidationError as error:
            return _invalid(error)
        slot = f"{body.account_id}:{body.period}:{body.usage_type}"
        recorded = self._worker.post_usage(slot, body.quantity, key=call.headers.get("idempotency-key"))
        return Answer(json={"status": "recorded" if recorded else "duplicate", "idempotency_key": slot})

    def _r2(self, call: Call) -> Answer:
        if not self._worker.has_pdf(f"{call.at['acct_id']}/{call.at['file']}"):
            return Answer(status=404, text="The specified key does not exist.")
        return Answer(text="%PDF-1.7 invented invoice", media="application/pdf")

    def _find(self, call: Call) -> Delivery | Answer:
        try:
            body = InvoiceBody.model_validate(call.json())
        except ValidationError as error:
            return _invalid(error)
        found = self._worker.delivery(body.invoice_id)
        return found or Answer(status=404, json={"error": "invoice_not_found"})


def _access(work: Work) -> Work:
    """Cloudflare Access: a service token in two headers."""

    def checked(call: Call) -> Answer:
        given = (call.headers.get("cf-access-client-id", ""), call.headers.get("cf-access-client-secret", ""))
        wanted = (keys.ADVENTIVE_CLIENT_ID, keys.ADVENTIVE_CLIENT_SECRET)
        if not all(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(given, wanted, strict=True)):
            return Answer(status=403, text="Forbidden. You don't have permission to view this.")
        return work(call)

    return checked


def _found(found: Reconciled, *, detail: bool) -> Obj:
    accounts = {drift.account_id for drift in found.drifts}
    body: Obj = {
        "status": "drift" if accounts else "clean",
        "accounts_checked": found.accounts,
        "drift_count": len(accounts),
    }
    return {**body, "drifts": [drift.told() for drift in found.drifts]} if detail else body


def _told(delivery: Delivery) -> Obj:
    return {
        "invoice_id": delivery.invoice_id,
        "pdf": "present" if delivery.pdf else "missing",
        "email": delivery.email,
        "last_event_at": delivery.last_event_at.isoformat(),
        "reason": delivery.reason,
    }


def _invalid(error: ValidationError) -> Answer:
    first = error.errors()[0]
    return Answer(status=400, json={"error": "invalid_request", "field": ".".join(map(str, first["loc"]))})
