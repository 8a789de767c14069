"""What usage leaves: rows that were refused, rows that wait, and renewal windows of Braintree."""

from datetime import datetime, timedelta

from sandbox.world.accrue import rows
from sandbox.world.accrue.leaving.ground import Ground
from sandbox.world.accrue.leaving.queues import stalled
from sandbox.world.accrue.seed_more import window
from sandbox.world.http import Obj


def _meter_event(
    ground: Ground, *, status: str, error: Obj | None, at: datetime, name: str = "requests", **more: object
) -> str:
    customer = ground.some("accrue_customers", "processor = 'stripe'")
    updated = ground.now if status == "failed" else at
    return rows.put(
        ground.connection, "accrue_meter_events", customer_id=customer["id"],
        stripe_customer_id=customer["processor_id"], event_name=name, value=ground.ids.random.randrange(1, 900),
        identifier=str(ground.ids.uuid()), occurred_at=at, stripe_status=status, stripe_error=error,
        operation_id=str(ground.ids.uuid()), inserted_at=at, updated_at=updated, **more,
    )  # fmt: skip


def failed_usage(ground: Ground) -> Obj:
    """Usage that Stripe refused; its message quotes the customer, as real ones may."""
    error: Obj = {
        "code": "resource_missing", "message": f"No such customer for {ground.ids.person().email}",
        "type": "invalid_request_error",
    }  # fmt: skip
    failed = _meter_event(ground, status="failed", error=error, at=ground.now - timedelta(minutes=5))
    return {"meter_event_id": failed, "event_name": "requests"}


def failed_and_pending_usage(ground: Ground) -> Obj:
    """The reconciler gave one up, and others wait behind it."""
    touched = failed_usage(ground)
    for _ in range(4):
        _meter_event(ground, status="pending", error=None, at=ground.now - timedelta(minutes=20))
    return touched


def pending_usage(ground: Ground) -> Obj:
    """Usage that nobody reports: the queue that should stands still, with a reconciler waiting in it."""
    for _ in range(6):
        _meter_event(ground, status="pending", error=None, at=ground.now - timedelta(minutes=25))
    return stalled(ground, "Accrue.Jobs.MeterEventsReconciler")


def _renewal(ground: Ground, *, state: str, trigger: str = "webhook") -> tuple[dict[str, object], str]:
    subscription = ground.some("accrue_subscriptions", "processor = 'braintree'")
    back = 90 + ground.ids.random.randrange(10_000)
    start = ground.now - timedelta(days=30, minutes=back)
    amount = 2000 + ground.ids.random.randrange(3000)
    made = window(
        ground.connection, subscription, start=start, state=state, ids=ground.ids, now=ground.now, amount=amount,
        trigger=trigger,
    )  # fmt: skip
    return subscription, made


def repaired_renewal(ground: Ground) -> Obj:
    """The backstop opened a window that no webhook had opened; it waits for its settlement."""
    subscription, renewal = _renewal(ground, state="pending", trigger="reconciler")
    return {"subscription_id": str(subscription["id"]), "metered_renewal_id": renewal}


def unmatched_usage(ground: Ground) -> Obj:
    """A window was closed with usage that no definition prices."""
    subscription, renewal = _renewal(ground, state="pending")
    for _ in range(3):
        _meter_event(
            ground, status="pending", error=None, at=ground.now, name="exports", metered_renewal_id=renewal,
            billing_status="unmatched", billing_error="no_meter_definition",
        )  # fmt: skip
    return {"subscription_id": str(subscription["id"]), "metered_renewal_id": renewal, "unmatched_event_count": 3}


def _attempted(ground: Ground, *, state: str, failure: str, code: str) -> Obj:
    subscription, renewal = _renewal(ground, state=state)
    rows.put(
        ground.connection, "accrue_metered_charge_attempts", metered_renewal_id=renewal, status=state,
        failure_class=failure, failure_code=code, failure_message=f"Declined for {ground.ids.person().name}",
        inserted_at=ground.now, updated_at=ground.now,
    )  # fmt: skip
    found = {"metered_renewal_id": renewal, "state": state, "failure_class": failure}
    return {"subscription_id": str(subscription["id"]), **found}


def awaiting_method(ground: Ground) -> Obj:
    """The vaulted card was refused; the customer has replaced it since."""
    touched = _attempted(ground, state="awaiting_payment_method", failure="payment_method_required", code="2010")
    rows.change(
        ground.connection,
        """update accrue_payment_methods p set updated_at = :now from accrue_metered_renewals r
           where r.id = :renewal and p.customer_id = r.customer_id returning p.id""",
        now=ground.now, renewal=touched["metered_renewal_id"],
    )  # fmt: skip
    return touched


def exhausted_charge(ground: Ground) -> Obj:
    """A hard decline ended the window's retries."""
    return _attempted(ground, state="failed_exhausted", failure="hard_decline", code="2046")
