"""The table of what the fake Stripe serves: path, kind and the filters a list takes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import JsonValue

from sandbox.world.http import Obj
from sandbox.world.stripe import params as p

Filter = Callable[[Obj, p.Params], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One kind of object: where it is served and how a list of it is narrowed."""

    path: str
    kind: str
    noun: str
    filters: dict[str, Filter] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()  # fields told only when expanded


def equals(name: str) -> Filter:
    """Keeps objects whose field is what the parameter says."""
    return lambda item, params: item.get(name) == p.text(params, name)


def _within(name: str) -> Filter:
    def inside(item: Obj, params: p.Params) -> bool:
        low, high = p.span(params, name)
        value = item.get(name)
        return isinstance(value, int) and low <= value <= high

    return inside


def _of_subscription(item: Obj, params: p.Params) -> bool:
    details = _dig(item, "parent", "subscription_details", "subscription")
    return details == p.text(params, "subscription")


def _by_status(item: Obj, params: p.Params) -> bool:
    wanted = p.text(params, "status")
    return True if wanted == "all" else item.get("status") == wanted


def _by_types(item: Obj, params: p.Params) -> bool:
    return item.get("type") in p.texts(params, "types")


def _by_type(item: Obj, params: p.Params) -> bool:
    wanted = p.text(params, "type") or ""
    kind = str(item.get("type"))
    return kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted


def _by_delivery(item: Obj, params: p.Params) -> bool:
    """`delivery_success=false` keeps events with a webhook not yet delivered, pending or failed."""
    return (item.get("pending_webhooks") == 0) is (p.text(params, "delivery_success") == "true")


def _by_promoted_coupon(item: Obj, params: p.Params) -> bool:
    return _dig(item, "promotion", "coupon") == p.text(params, "coupon")


def _dig(item: JsonValue, *names: str) -> JsonValue:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return item


_CREATED = {"created": _within("created")}

RESOURCES = (
    Resource(
        path="events", kind="event", noun="event",
        filters={**_CREATED, "type": _by_type, "types": _by_types, "delivery_success": _by_delivery},
    ),
    Resource(path="webhook_endpoints", kind="webhook_endpoint", noun="webhook endpoint"),
    Resource(path="customers", kind="customer", noun="customer", filters={**_CREATED, "email": equals("email")}),
    Resource(
        path="payment_methods", kind="payment_method", noun="PaymentMethod",
        filters={"customer": equals("customer"), "type": equals("type")},
    ),
    Resource(
        path="subscriptions", kind="subscription", noun="subscription",
        filters={**_CREATED, "customer": equals("customer"), "status": _by_status},
    ),
    Resource(
        path="invoices", kind="invoice", noun="invoice",
        filters={
            **_CREATED, "customer": equals("customer"), "status": equals("status"), "subscription": _of_subscription,
            "collection_method": equals("collection_method"),
        },
    ),
    Resource(
        path="charges", kind="charge", noun="charge",
        filters={**_CREATED, "customer": equals("customer"), "payment_intent": equals("payment_intent")},
    ),
    Resource(
        path="balance_transactions", kind="balance_transaction", noun="balance transaction",
        filters={**_CREATED, "source": equals("source"), "type": equals("type")},
    ),
    Resource(
        path="refunds", kind="refund", noun="refund",
        filters={**_CREATED, "charge": equals("charge"), "payment_intent": equals("payment_intent")},
    ),
    Resource(
        path="disputes", kind="dispute", noun="dispute",
        filters={**_CREATED, "charge": equals("charge"), "payment_intent": equals("payment_intent")},
    ),
    Resource(path="payouts", kind="payout", noun="payout", filters={**_CREATED, "status": equals("status")}),
    Resource(
        path="transfers", kind="transfer", noun="transfer",
        filters={**_CREATED, "destination": equals("destination")},
    ),
    Resource(path="accounts", kind="account", noun="account", filters=_CREATED),
    Resource(
        path="prices", kind="price", noun="price", filters={**_CREATED, "product": equals("product")},
        hidden=("tiers",),
    ),
    Resource(path="coupons", kind="coupon", noun="coupon", filters=_CREATED),
    Resource(
        path="promotion_codes", kind="promotion_code", noun="promotion code",
        filters={**_CREATED, "code": equals("code"), "coupon": _by_promoted_coupon},
    ),
    Resource(
        path="credit_notes", kind="credit_note", noun="credit note",
        filters={**_CREATED, "invoice": equals("invoice"), "customer": equals("customer")},
    ),
    Resource(
        path="checkout/sessions", kind="checkout.session", noun="checkout.session",
        filters={**_CREATED, "customer": equals("customer"), "status": equals("status")},
    ),
    Resource(path="billing/meters", kind="billing.meter", noun="meter", filters={"status": equals("status")}),
)  # fmt: skip

BY_KIND = {resource.kind: resource for resource in RESOURCES}
