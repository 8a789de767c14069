"""A target's own number of a call is kept where it changed something, and only if it looks like one."""

from dataclasses import replace

import pytest

from bot.core.ports import HttpReply
from bot.steps import HttpSend, StripePost
from bot.steps.http import HttpGet
from bot.steps.reply import shown_id
from bot.steps.step import Call
from tests.kit.fakes import Answering, FakeResources, FakeStripe, ok
from tests.kit.moments import NOON

NUMBERED = replace(ok({"done": 1}), request_id="F_4b0nqCpWbE1RkAAAIh")


def call(reply: HttpReply = NUMBERED, *, stripe: FakeStripe | None = None) -> Call:
    resources = FakeResources(
        hosts={"api": Answering(lambda _: reply)}, stripe_writers={"stripe": stripe} if stripe else {}
    )
    return Call(resources=resources, scope={}, timeout=1, now=NOON)


def test_a_write_keeps_it() -> None:
    step = HttpSend.model_validate({"at": "api", "post": "/replay"})

    assert step.run(call(), key="cs-1").request_id == "F_4b0nqCpWbE1RkAAAIh"


def test_a_read_and_a_dry_run_do_not_for_equal_answers_must_stay_equal() -> None:
    read = HttpGet.model_validate({"at": "api", "get": "/x"})
    dry = HttpSend.model_validate({"at": "api", "post": "/x", "harmless": True})

    assert read.run(call()).request_id is None
    assert dry.run(call(), key=None).request_id is None


def test_a_change_at_stripe_keeps_stripes() -> None:
    step = StripePost.model_validate({"post": "/v1/invoices/in_1", "form": {"auto_advance": "false"}})
    stripe = FakeStripe(objects={"/v1/invoices/in_1": {"id": "in_1"}})

    assert step.run(call(stripe=stripe), key="cs-1").request_id == "req_00000000000001"


@pytest.mark.parametrize(
    "given", [None, "", "two words", "jane@example.com", "sk_live_abcdefgh1234", "x" * 129, "a\nb"], ids=str
)
def test_what_does_not_look_like_one_is_none(given: str | None) -> None:
    assert shown_id(given) is None


@pytest.mark.parametrize("given", ["req_AbCdEfGhIjKlMn", "8f1d3c1e-0b7a-4a53-9e58-0a7b0c7d1e2f", "7f3a-FRA", "42"])
def test_what_providers_send_is_kept(given: str) -> None:
    assert shown_id(given) == given
