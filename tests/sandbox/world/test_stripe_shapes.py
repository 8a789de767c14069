"""The fake Stripe tells nothing that today's SDK does not know, and leaves out nothing that it promises."""

import inspect
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from sandbox.world.stripe.resources import RESOURCES
from tests.kit.loopback import loopback

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "event": stripe.Event,
    "webhook_endpoint": stripe.WebhookEndpoint,
    "customer": stripe.Customer,
    "payment_method": stripe.PaymentMethod,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "invoice": stripe.Invoice,
    "line_item": stripe.InvoiceLineItem,
    "charge": stripe.Charge,
    "balance_transaction": stripe.BalanceTransaction,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "payout": stripe.Payout,
    "transfer": stripe.Transfer,
    "account": stripe.Account,
    "capability": stripe.Capability,
    "price": stripe.Price,
    "plan": stripe.Plan,
    "coupon": stripe.Coupon,
    "promotion_code": stripe.PromotionCode,
    "credit_note": stripe.CreditNote,
    "checkout.session": stripe.checkout.Session,
    "billing.meter": stripe.billing.Meter,
    "billing.meter_event_summary": stripe.billing.MeterEventSummary,
}


def annotations(cls: type) -> dict[str, Any]:
    return {
        name: hint
        for base in reversed(cls.__mro__)
        for name, hint in inspect.get_annotations(base).items()
        if not name.startswith("_") and name != "OBJECT_NAME"
    }


def drift(value: Any, cls: type, where: str) -> Iterator[str]:
    """Keys the class has no annotation for, required ones that are missing, and the same in nested structures."""
    known = annotations(cls)
    yield from (f"{where}.{name} is unknown" for name in value if name not in known)
    for name, hint in known.items():
        is_optional = type(None) in typing.get_args(hint)
        if name not in value and not is_optional:
            yield f"{where}.{name} is missing"
    for name, inner in value.items():
        yield from _inner_drift(inner, known.get(name), f"{where}.{name}")


def _inner_drift(inner: Any, hint: Any, where: str) -> Iterator[str]:
    if isinstance(inner, list):
        for index, element in enumerate(inner):
            yield from _inner_drift(element, hint, f"{where}[{index}]")
    elif isinstance(inner, dict) and inner.get("object") == "list":
        yield from _inner_drift(inner["data"], hint, f"{where}.data")
    elif isinstance(inner, dict) and str(inner.get("object")) in CLASSES:
        yield from drift(inner, CLASSES[inner["object"]], where)
    elif isinstance(inner, dict):
        nested = _nested_class(hint)
        if nested is not None:
            yield from drift(inner, nested, where)


def _nested_class(hint: Any) -> type | None:
    """The structure a hint names, through Optional and List; None for free-form ones such as metadata."""
    if isinstance(hint, type) and issubclass(hint, stripe.StripeObject):
        return hint if annotations(hint) and "UntypedStripeObject" not in hint.__name__ else None
    found = (_nested_class(argument) for argument in typing.get_args(hint))
    return next((cls for cls in found if cls is not None), None)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.kind)
def test_every_object_has_the_shape_of_the_sdk(calm: dict[str, str], resource: Any) -> None:
    headers = {"Authorization": f"Bearer {calm['STRIPE_API_KEY']}"}

    page = loopback.get(f"{calm['STRIPE_API_URL']}/v1/{resource.path}?limit=100", headers=headers).json()

    assert page["data"], "nothing to look at"
    assert [problem for item in page["data"] for problem in drift(item, CLASSES[resource.kind], resource.kind)] == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        pytest.param("capability", "accounts/{account}/capabilities/transfers", id="capability"),
        pytest.param("line_item", "invoices/{invoice}/lines", id="line items"),
        pytest.param(
            "billing.meter_event_summary",
            "billing/meters/{meter}/event_summaries?customer=cus_1&start_time=0&end_time=60",
            id="meter event summary",
        ),
    ],
)
def test_objects_under_others_have_the_shape_of_the_sdk(calm: dict[str, str], kind: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {calm['STRIPE_API_KEY']}"}
    base = f"{calm['STRIPE_API_URL']}/v1"
    ids = {
        name: loopback.get(f"{base}/{where}?limit=1", headers=headers).json()["data"][0]["id"]
        for name, where in (("account", "accounts"), ("invoice", "invoices"), ("meter", "billing/meters"))
    }

    answer = loopback.get(f"{base}/{path.format(**ids)}", headers=headers).json()

    items = answer["data"] if answer["object"] == "list" else [answer]
    assert items
    assert [problem for item in items for problem in drift(item, CLASSES[kind], kind)] == []


def test_the_drift_test_finds_yesterdays_shape(calm: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {calm['STRIPE_API_KEY']}"}
    invoice = loopback.get(f"{calm['STRIPE_API_URL']}/v1/invoices?limit=1", headers=headers).json()["data"][0]
    del invoice["amount_remaining"]

    found = list(
        drift(
            {
                **invoice,
                "payment_intent": "pi_1",
                "lines": {"object": "list", "data": [{"object": "line_item", "price": {}}]},
            },
            stripe.Invoice,
            "invoice",
        )
    )

    assert "invoice.payment_intent is unknown" in found
    assert "invoice.amount_remaining is missing" in found
    assert "invoice.lines.data[0].price is unknown" in found
