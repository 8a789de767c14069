"""The Stripe ports: reads are GET, writes carry their key, and every kind of bad answer is one error of ours."""

import json
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from threading import Event
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from bot.adapters.stripe import StripeReader, StripeWriter
from bot.core.errors import CountersignError, Refused, TimedOut, Unavailable, Unknown
from bot.core.ports import Json, StripeRead, StripeWrite
from tests.kit.fakes import FakeStripe
from tests.kit.host import body_of, closed_port, say, serving

KEY = "rk_test_notarealkey"
ADDRESS = "http://stripe.test"
INVOICE: dict[str, Json] = {
    "id": "in_1",
    "object": "invoice",
    "status": "open",
    "lines": {"object": "list", "data": [{"id": "il_1"}]},
}
EVENTS: dict[str, Json] = {
    "object": "list",
    "data": [{"id": "evt_1", "object": "event"}],
    "has_more": False,
    "url": "/v1/events",
}


class Host:
    """As much of Stripe as these tests need; notes every request."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, list[str]], dict[str, str]]] = []

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        address = urlsplit(request.path)
        form = parse_qs(body_of(request).decode() or address.query, keep_blank_values=True)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append((request.command, address.path, form, headers))
        found = {"/v1/invoices/in_1": INVOICE, "/v1/events": EVENTS}.get(address.path.removeprefix("/stripe"))
        if found is None:
            wrong = {
                "error": {
                    "type": "invalid_request_error",
                    "code": "resource_missing",
                    "message": "No such invoice: 'in_9'",
                }
            }
            say(request, 404, json.dumps(wrong).encode(), Request_Id="req_9")
            return
        changed = (
            {**found, **{name: values[0] for name, values in form.items()}} if request.command == "POST" else found
        )
        say(request, 200, json.dumps(changed).encode(), Request_Id="req_1")


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def address(host: Host) -> Iterator[str]:
    with serving(host) as url:
        yield url


@pytest.fixture(params=["fake", "adapter"])
def reader(request: pytest.FixtureRequest) -> Iterator[StripeRead]:
    if request.param == "fake":
        yield FakeStripe({"/v1/invoices/in_1": INVOICE, "/v1/events": EVENTS})
        return
    with closing(StripeReader(KEY, url=request.getfixturevalue("address"))) as made:
        yield made


def test_an_object_comes_as_plain_json(reader: StripeRead) -> None:
    assert reader.get("/v1/invoices/in_1", {}, timeout=5) == INVOICE


def test_a_list_comes_as_plain_json(reader: StripeRead) -> None:
    assert reader.get("/v1/events", {"limit": 100}, timeout=5) == EVENTS


def test_a_missing_object_is_refused_with_its_status(reader: StripeRead) -> None:
    with pytest.raises(Refused, match="404") as caught:
        reader.get("/v1/invoices/in_9", {}, timeout=5)

    assert caught.value.status == 404


def test_a_read_is_a_get_with_the_key_the_pinned_version_and_the_parameters(host: Host, address: str) -> None:
    with closing(StripeReader(KEY, version="2026-03-25.dahlia", url=address)) as reader:
        reader.get("/v1/events", {"type": "invoice.paid", "created[gte]": 17, "stripe_account": "acct_1"}, timeout=5)

    ((method, path, query, headers),) = host.calls
    assert (method, path) == ("GET", "/v1/events")
    assert query == {"type": ["invoice.paid"], "created[gte]": ["17"]}
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["stripe-version"] == "2026-03-25.dahlia"
    assert headers["stripe-account"] == "acct_1"


def test_a_base_address_may_have_a_path(host: Host, address: str) -> None:
    with closing(StripeReader(KEY, url=f"{address}/stripe/")) as reader:
        reader.get("/v1/invoices/in_1", {}, timeout=5)

    assert host.calls[0][1] == "/stripe/v1/invoices/in_1"


@pytest.mark.parametrize("name", ["api_key", "base", "headers", "idempotency_key", "stripe_version"])
def test_a_parameter_cannot_become_an_option_of_the_call(host: Host, address: str, name: str) -> None:
    with closing(StripeReader(KEY, url=address)) as reader, pytest.raises(Refused, match=name):
        reader.get("/v1/events", {name: "x"}, timeout=5)

    assert host.calls == []


def test_a_path_outside_the_api_is_refused(host: Host, address: str) -> None:
    with closing(StripeReader(KEY, url=address)) as reader, pytest.raises(Refused, match="path"):
        reader.get("/oauth/token", {}, timeout=5)

    assert host.calls == []


@pytest.fixture(params=["fake", "adapter"])
def writer(request: pytest.FixtureRequest) -> StripeWrite:
    if request.param == "fake":
        return FakeStripe({"/v1/invoices/in_1": INVOICE})
    return StripeWriter(KEY, url=request.getfixturevalue("address"))


def test_a_change_returns_the_object_and_stripes_request_id(writer: StripeWrite) -> None:
    changed, request_id = writer.post("/v1/invoices/in_1", {"status": "void"}, idempotency_key="k1", timeout=5)

    assert isinstance(changed, dict)
    assert changed["status"] == "void"
    assert request_id is not None
    assert request_id.startswith("req_")


def test_a_change_carries_its_key(host: Host, address: str) -> None:
    StripeWriter(KEY, url=address).post("/v1/invoices/in_1", {"auto_advance": False}, idempotency_key="k1", timeout=5)

    ((method, path, form, headers),) = host.calls
    assert (method, path, form) == ("POST", "/v1/invoices/in_1", {"auto_advance": ["false"]})
    assert headers["idempotency-key"] == "k1"


def error(kind: str, code: str | None = None, message: str = "said so") -> Json:
    return {"error": {"type": kind, "code": code, "message": message}}


ANSWERS = [
    pytest.param(400, error("invalid_request_error", "parameter_missing"), Refused, Refused, id="bad request"),
    pytest.param(401, error("invalid_request_error"), Refused, Refused, id="a wrong key"),
    pytest.param(402, error("card_error", "card_declined"), Refused, Refused, id="a declined card"),
    pytest.param(403, error("invalid_request_error"), Refused, Refused, id="a key that may not"),
    pytest.param(400, error("idempotency_error"), Refused, Refused, id="the key was used for another call"),
    pytest.param(409, error("invalid_request_error", "idempotency_key_in_use"), Refused, Unknown, id="still under way"),
    pytest.param(429, error("invalid_request_error", "rate_limit"), Unavailable, Unavailable, id="rate limit"),
    pytest.param(500, error("api_error"), Unavailable, Unknown, id="Stripe's own error"),
    pytest.param(503, "<html>", Unavailable, Unknown, id="a proxy's page"),
    pytest.param(200, "<html>", Unavailable, Unknown, id="no JSON at all"),
]


@pytest.mark.parametrize(("status", "body", "of_read", "of_write"), ANSWERS)
def test_each_bad_answer_is_one_error_of_ours_and_is_not_repeated(
    status: int, body: Json, of_read: type[CountersignError], of_write: type[CountersignError]
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)

    with responses.RequestsMock() as wire:
        wire.add(responses.GET, f"{ADDRESS}/v1/events", body=text, status=status)
        wire.add(responses.POST, f"{ADDRESS}/v1/invoices/in_1", body=text, status=status)
        with closing(StripeReader(KEY, url=ADDRESS)) as reader, pytest.raises(CountersignError) as of_get:
            reader.get("/v1/events", {}, timeout=5)
        with pytest.raises(CountersignError) as of_post:
            StripeWriter(KEY, url=ADDRESS).post("/v1/invoices/in_1", {}, idempotency_key="k", timeout=5)
        assert len(wire.calls) == 2

    assert (type(of_get.value), type(of_post.value)) == (of_read, of_write)


@pytest.mark.parametrize(
    ("broken", "of_read", "of_write"),
    [
        pytest.param(requests.ReadTimeout("slow"), TimedOut, Unknown, id="no answer in time"),
        pytest.param(requests.ConnectTimeout("slow"), TimedOut, TimedOut, id="no connection in time"),
        pytest.param(requests.ConnectionError("aborted"), Unavailable, Unknown, id="the connection broke"),
        pytest.param(requests.exceptions.SSLError("expired"), Unavailable, Unavailable, id="a wrong certificate"),
    ],
)
def test_a_broken_connection_is_unknown_only_when_something_was_sent(
    broken: Exception, of_read: type[CountersignError], of_write: type[CountersignError]
) -> None:
    with responses.RequestsMock() as wire:
        wire.add(responses.GET, f"{ADDRESS}/v1/events", body=broken)
        wire.add(responses.POST, f"{ADDRESS}/v1/invoices/in_1", body=broken)
        with closing(StripeReader(KEY, url=ADDRESS)) as reader, pytest.raises(CountersignError) as of_get:
            reader.get("/v1/events", {}, timeout=5)
        with pytest.raises(CountersignError) as of_post:
            StripeWriter(KEY, url=ADDRESS).post("/v1/invoices/in_1", {}, idempotency_key="k", timeout=5)

    assert (type(of_get.value), type(of_post.value)) == (of_read, of_write)


def test_nobody_listening_is_unavailable_for_a_write_too() -> None:
    with pytest.raises(Unavailable, match="no connection"):
        StripeWriter(KEY, url=closed_port()).post("/v1/invoices/in_1", {}, idempotency_key="k", timeout=5)


def test_a_real_host_that_hangs_is_given_up_at_the_deadline() -> None:
    release = Event()

    def hang(_request: BaseHTTPRequestHandler) -> None:
        assert release.wait(20)

    with serving(hang) as url, closing(StripeReader(KEY, url=url)) as reader:
        with pytest.raises(TimedOut, match=r"0\.2 s"):
            reader.get("/v1/events", {}, timeout=0.2)
        with pytest.raises(Unknown, match=r"0\.2 s"):
            StripeWriter(KEY, url=url).post("/v1/invoices/in_1", {}, idempotency_key="k", timeout=0.2)
        release.set()


def test_neither_the_key_nor_a_person_is_in_an_error() -> None:
    said = error("invalid_request_error", message=f"{KEY} may not read jane.doe@customer.example")

    with responses.RequestsMock() as wire, closing(StripeReader(KEY, url=ADDRESS)) as reader:
        wire.add(responses.GET, f"{ADDRESS}/v1/events", json=said, status=403)
        with pytest.raises(Refused) as caught:
            reader.get("/v1/events", {}, timeout=5)

    assert KEY not in str(caught.value)
    assert "jane.doe" not in str(caught.value)
