"""The real Stripe SDK against the fake: reading, paying, errors, idempotency, faults."""

import time
from typing import Any

import pytest
import stripe

from tests.kit.loopback import loopback
from tests.kit.world import RunningWorld

NONSENSE: Any = {"nonsense": "1"}


def client(env: dict[str, str], key: str = "STRIPE_API_KEY", *, timeout: float = 10) -> stripe.StripeClient:
    http = stripe.RequestsClient(timeout=timeout)
    return stripe.StripeClient(env[key], base_addresses={"api": env["STRIPE_API_URL"]}, http_client=http)


def an_open_invoice(env: dict[str, str]) -> stripe.Invoice:
    return client(env).v1.invoices.list({"status": "open", "limit": 1}).data[0]


def test_the_sdk_keeps_the_path_of_its_base_address(world: RunningWorld, env: dict[str, str]) -> None:
    endpoints = client(env).v1.webhook_endpoints.list()

    assert env["STRIPE_API_URL"].endswith("/stripe")
    assert {endpoint.status for endpoint in endpoints.data} == {"enabled"}


def test_events_are_narrowed_by_type_time_and_delivery(world: RunningWorld, env: dict[str, str]) -> None:
    started = int(time.time()) - 1000
    ids = world.start("dead-letter-webhooks", count=2)["processor_event_ids"]

    found = client(env).v1.events.list(
        {"types": ["customer.subscription.updated"], "created": {"gte": started}, "delivery_success": True}
    )

    assert {event.id for event in found.data} == set(ids)
    assert client(env).v1.events.list({"delivery_success": False}).data == []


def test_a_list_is_read_page_by_page(world: RunningWorld, env: dict[str, str]) -> None:
    invoices = client(env).v1.invoices

    first = invoices.list({"limit": 50})
    everything = [invoice.id for invoice in first.auto_paging_iter()]

    assert first.has_more
    assert len(first.data) == 50
    assert len(everything) == len(set(everything)) == 180  # 60 accounts of three months


def test_tiers_are_told_only_when_asked_for(world: RunningWorld, env: dict[str, str]) -> None:
    tiered = next(price for price in client(env).v1.prices.list().data if price.billing_scheme == "tiered")

    expanded = client(env).v1.prices.retrieve(tiered.id, {"expand": ["tiers"]})

    assert "tiers" not in tiered.to_dict()
    assert expanded.tiers is not None
    assert len(expanded.tiers) == 2


def test_a_reference_is_expanded_when_asked_for(world: RunningWorld, env: dict[str, str]) -> None:
    invoice = client(env).v1.invoices.retrieve(an_open_invoice(env).id, {"expand": ["customer"]})

    assert isinstance(invoice.customer, stripe.Customer)


@pytest.mark.parametrize(
    ("ask", "error", "code"),
    [
        pytest.param(
            lambda env: stripe.StripeClient("sk_wrong", base_addresses={"api": env["STRIPE_API_URL"]}).v1.events.list(),
            stripe.AuthenticationError, None, id="a wrong key",
        ),
        pytest.param(
            lambda env: client(env).v1.events.retrieve("evt_none"), stripe.InvalidRequestError, "resource_missing",
            id="no such object",
        ),
        pytest.param(
            lambda env: client(env).v1.events.list(NONSENSE), stripe.InvalidRequestError, "parameter_unknown",
            id="an unknown parameter",
        ),
        pytest.param(
            lambda env: client(env).v1.invoices.pay(an_open_invoice(env).id), stripe.PermissionError,
            None, id="a write with the read key",
        ),
    ],
)  # fmt: skip
def test_mistakes_become_the_sdks_own_errors(
    world: RunningWorld, env: dict[str, str], ask: Any, error: type[stripe.StripeError], code: str | None
) -> None:
    with pytest.raises(error) as raised:
        ask(env)

    assert raised.value.code == code
    assert raised.value.request_id is not None


def test_paying_an_invoice_pays_it_and_is_an_effect(world: RunningWorld, env: dict[str, str]) -> None:
    invoice = an_open_invoice(env)

    paid = client(env, "STRIPE_WRITE_KEY").v1.invoices.pay(invoice.id, options={"idempotency_key": "k-1"})

    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert client(env).v1.events.list({"type": "invoice.paid", "limit": 1}).data[0].data.object["id"] == invoice.id
    assert [(e["action"], e["target"], e["idempotency_key"]) for e in world.effects("stripe")] == [
        ("invoice.pay", invoice.id, "k-1")
    ]


def test_a_declined_card_is_a_card_error_and_no_payment(world: RunningWorld, env: dict[str, str]) -> None:
    invoice = an_open_invoice(env)
    world.arm("stripe", "card_decline", count=1)

    with pytest.raises(stripe.CardError) as raised:
        client(env, "STRIPE_WRITE_KEY").v1.invoices.pay(invoice.id)

    charge = client(env).v1.charges.list({"limit": 1}).data[0]
    assert raised.value.code == "card_declined"
    assert client(env).v1.invoices.retrieve(invoice.id).status == "open"
    assert (charge.status, charge.failure_code, charge.amount) == ("failed", "card_declined", invoice.amount_due)
    assert world.effects("stripe") == []


def test_an_invoice_leaves_automatic_collection_and_comes_back(world: RunningWorld, env: dict[str, str]) -> None:
    invoice, invoices = an_open_invoice(env), client(env, "STRIPE_WRITE_KEY").v1.invoices

    off = invoices.update(invoice.id, {"auto_advance": False})
    on = invoices.update(invoice.id, {"auto_advance": True})

    assert (invoice.auto_advance, off.auto_advance, on.auto_advance) == (True, False, True)
    assert off.next_payment_attempt is None


def test_the_same_key_and_parameters_get_the_first_reply_again(world: RunningWorld, env: dict[str, str]) -> None:
    url = f"{env['STRIPE_API_URL']}/v1/invoices/{an_open_invoice(env).id}/pay"
    headers = {"Authorization": f"Bearer {env['STRIPE_WRITE_KEY']}", "Idempotency-Key": "once"}

    first, second = (loopback.post(url, headers=headers) for _ in range(2))

    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(world.effects("stripe", "invoice.pay")) == 1


def test_a_decline_is_stored_under_its_key_too(world: RunningWorld, env: dict[str, str]) -> None:
    invoice, options = an_open_invoice(env), {"idempotency_key": "again"}
    world.arm("stripe", "card_decline", count=1)
    pay = client(env, "STRIPE_WRITE_KEY").v1.invoices.pay

    for _ in range(2):
        with pytest.raises(stripe.CardError):
            pay(invoice.id, options=options)  # type: ignore[arg-type]  # a literal for two calls

    assert client(env).v1.invoices.retrieve(invoice.id).status == "open"


def test_the_same_key_with_other_parameters_is_refused(world: RunningWorld, env: dict[str, str]) -> None:
    invoices, invoice = client(env, "STRIPE_WRITE_KEY").v1.invoices, an_open_invoice(env)
    invoices.update(invoice.id, {"auto_advance": False}, {"idempotency_key": "k"})

    with pytest.raises(stripe.IdempotencyError):
        invoices.update(invoice.id, {"auto_advance": True}, {"idempotency_key": "k"})


@pytest.mark.parametrize(
    ("kind", "error"),
    [("rate_limit", stripe.RateLimitError), ("error500", stripe.APIError), ("hang", stripe.APIConnectionError)],
)
def test_faults_become_the_sdks_own_errors(
    world: RunningWorld, env: dict[str, str], kind: str, error: type[stripe.StripeError]
) -> None:
    world.arm("stripe", kind, count=1)

    with pytest.raises(error):
        client(env, timeout=0.3).v1.events.list()

    assert client(env).v1.events.list({"limit": 1}).data, "the fault is used up"
