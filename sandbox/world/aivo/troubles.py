"""What goes wrong in payments-svc again and again: so many at once, then a few at every beat, until it is over."""

from collections.abc import Mapping
from threading import Lock
from typing import Literal, TypeAlias

from sandbox.world.meters import Meters

Trouble: TypeAlias = Literal["processing_error", "invalid_signature", "invoice_failed", "sync_failure"]
_Series: TypeAlias = tuple[str, Mapping[str, str]]

_FAILURES = "billing_webhook_failures_total"
_COUNTED: Mapping[Trouble, tuple[_Series, _Series | None]] = {
    # As the code counts it, and as the runbook's vocabulary does.
    "processing_error": (
        (_FAILURES, {"error_type": "processing_error", "event_type": "invoice.paid", "provider": "STRIPE"}),
        (_FAILURES, {}),
    ),
    "invalid_signature": (
        (_FAILURES, {"error_type": "invalid_signature", "event_type": "unknown", "provider": "STRIPE"}),
        (_FAILURES, {}),
    ),
    "invoice_failed": (
        (
            "billing_invoices_failed_total",
            {"currency": "usd", "tenant_type": "PARENT_CONSUMER", "attempt_count": "4900"},
        ),
        ("billing_invoices_total", {"status": "failed", "currency": "usd"}),
    ),
    "sync_failure": (
        ("billing_entitlements_sync_total", {"trigger": "subscription_change", "result": "failure"}),
        None,
    ),
}


class Troubles:
    """Counts under both vocabularies; which one is exported is the host's option."""

    def __init__(self, *, code: Meters, seed: Meters) -> None:
        self._code = code
        self._seed = seed
        self._lock = Lock()
        self._left: dict[Trouble, int] = {}
        self._per_beat: dict[Trouble, int] = {}

    def begin(self, trouble: Trouble, *, count: int, at_once: int, per_beat: int) -> None:
        """So many in all; while it lasts, beginning it again changes nothing."""
        with self._lock:
            if self._left.get(trouble):
                return
            self._left[trouble] = max(0, count - at_once)
            self._per_beat[trouble] = per_beat
        self.count(trouble, by=min(count, at_once))

    def lasts(self, trouble: Trouble) -> bool:
        """Whether more of it is to come."""
        with self._lock:
            return self._left.get(trouble, 0) > 0

    def beat(self) -> None:
        """A few more of each."""
        with self._lock:
            due = {trouble: min(left, self._per_beat[trouble]) for trouble, left in self._left.items() if left}
            for trouble, count in due.items():
                self._left[trouble] -= count
        for trouble, count in due.items():
            self.count(trouble, by=count)

    def count(self, trouble: Trouble, *, by: int = 1) -> None:
        """Count it."""
        for meters, series in zip((self._code, self._seed), _COUNTED[trouble], strict=True):
            if series is not None:
                meters.inc(series[0], by, **series[1])

    def reset(self) -> None:
        """Everything is well again."""
        with self._lock:
            self._left.clear()
