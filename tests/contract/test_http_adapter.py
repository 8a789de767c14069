"""The Http port: any status is a reply, and of a call without one it is known whether it may have taken effect."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from threading import Event

import pytest

from bot.adapters.http import HttpApi
from bot.core.errors import CountersignError, Refused, TimedOut, Unavailable, Unknown
from bot.core.ports import Http, HttpCall, HttpReply, Json
from tests.kit.fakes import FakeHttp
from tests.kit.host import Reply, body_of, closed_port, say, serving

READ = HttpCall(method="GET", path="/x")
WRITE = HttpCall(method="POST", path="/x", json={"a": 1})
TRIGGER = HttpCall(method="GET", path="/x", acts=True)


@contextmanager
def adapter(reply: Reply) -> Iterator[HttpApi]:
    with serving(reply) as url, closing(HttpApi(url, name="host")) as api:
        yield api


@contextmanager
def http_of(kind: str, replies: Mapping[str, tuple[int, Json]]) -> Iterator[Http]:
    """A fake or an adapter that gives these replies by `METHOD path`."""
    if kind == "fake":
        made = {key: HttpReply(status=s, body=body, request_id=None) for key, (s, body) in replies.items()}
        yield FakeHttp(made)
        return

    def reply(request: BaseHTTPRequestHandler) -> None:
        body_of(request)
        status, body = replies[f"{request.command} {request.path}"]
        say(request, status, b"" if body is None else json.dumps(body).encode())

    with adapter(reply) as api:
        yield api


@pytest.mark.parametrize("kind", ["fake", "adapter"])
@pytest.mark.parametrize("status", [200, 202, 204, 302, 400, 404, 409, 429, 500, 503])
@pytest.mark.parametrize("call", [pytest.param(READ, id="read"), pytest.param(WRITE, id="write")])
def test_any_status_is_a_reply_with_its_json(kind: str, status: int, call: HttpCall) -> None:
    body: Json = None if status == 204 else {"n": [1, None, "x"]}

    with http_of(kind, {f"{call.method} /x": (status, body)}) as http:
        reply = http.send(call, timeout=30)

    assert (reply.status, reply.body) == (status, body)


def test_the_call_is_sent_as_it_is_described() -> None:
    seen: dict[str, object] = {}

    def reply(request: BaseHTTPRequestHandler) -> None:
        seen.update(line=f"{request.command} {request.path}", body=body_of(request), headers=dict(request.headers))
        say(request, 200, b"{}", X_Request_Id="r-1")

    with serving(reply) as url:
        api = HttpApi(f"{url}/base/", name="host", headers={"Authorization": "Bearer t"})
        with closing(api):
            answer = api.send(
                HttpCall(
                    method="PUT",
                    path="/jobs/a%2Fb",
                    query={"q": "a b&c"},
                    json={"n": 1},
                    headers={"Idempotency-Key": "k1"},
                ),
                timeout=30,
            )

    assert seen["line"] == "PUT /base/jobs/a%2Fb?q=a+b%26c"
    assert json.loads(str(seen["body"], "utf-8") if isinstance(seen["body"], bytes) else "") == {"n": 1}
    headers = seen["headers"]
    assert isinstance(headers, dict)
    assert headers["Idempotency-Key"] == "k1"
    assert headers["Authorization"] == "Bearer t"
    assert answer.request_id == "r-1"


def test_a_body_that_is_not_json_is_none() -> None:
    with adapter(lambda request: say(request, 200, b"<html>")) as api:
        assert api.send(READ, timeout=30).body is None


def test_a_redirect_is_not_followed() -> None:
    with adapter(lambda request: say(request, 302, Location="http://127.0.0.1:1/")) as api:
        assert api.send(READ, timeout=30).status == 302


def test_nobody_listening_is_unavailable_for_a_write_too() -> None:
    with closing(HttpApi(closed_port(), name="host")) as api:
        for call in (READ, WRITE):
            with pytest.raises(Unavailable, match="no connection"):
                api.send(call, timeout=30)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        pytest.param(READ, TimedOut, id="a read timed out"),
        pytest.param(WRITE, Unknown, id="a write is unknown"),
        pytest.param(TRIGGER, Unknown, id="so is a GET that acts"),
    ],
)
def test_a_host_that_does_not_answer_in_time(call: HttpCall, error: type[CountersignError]) -> None:
    release = Event()

    with adapter(lambda _request: assert_ended(release)) as api:
        try:
            with pytest.raises(error, match=r"0\.2 s"):
                api.send(call, timeout=0.2)
        finally:
            release.set()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        pytest.param(READ, Unavailable, id="a read failed"),
        pytest.param(WRITE, Unknown, id="a write is unknown"),
        pytest.param(TRIGGER, Unknown, id="so is a GET that acts"),
    ],
)
def test_a_connection_that_breaks_after_the_request(call: HttpCall, error: type[CountersignError]) -> None:
    calls = []

    def hang_up(request: BaseHTTPRequestHandler) -> None:
        calls.append(body_of(request))
        request.close_connection = True

    with adapter(hang_up) as api, pytest.raises(error, match="broke"):
        api.send(call, timeout=30)

    assert len(calls) == 1, "nothing that was sent is sent again"


def test_a_reply_that_trickles_in_ends_at_the_deadline() -> None:
    release = Event()

    def trickle(request: BaseHTTPRequestHandler) -> None:
        body_of(request)
        request.send_response(200)
        request.send_header("Content-Length", "100000")
        request.end_headers()
        while not release.wait(0.02):
            request.wfile.write(b" ")

    with adapter(trickle) as api:
        try:
            with pytest.raises(TimedOut):
                api.send(READ, timeout=0.3)
            assert api.send(WRITE, timeout=2) == HttpReply(status=200, body=None, request_id=None)
        finally:
            release.set()


def test_a_reply_that_is_too_large_is_refused_and_a_write_keeps_its_status() -> None:
    def flood(request: BaseHTTPRequestHandler) -> None:
        body_of(request)
        say(request, 200, b"x" * 3_000_000)

    with adapter(flood) as api:
        with pytest.raises(Refused, match="larger than 2 MiB"):
            api.send(READ, timeout=30)
        assert api.send(WRITE, timeout=30).status == 200


def test_a_write_takes_a_fresh_connection_each_time() -> None:
    ports = []

    def note(request: BaseHTTPRequestHandler) -> None:
        body_of(request)
        ports.append(request.client_address[1])
        say(request, 200, b"{}")

    with adapter(note) as api:
        for call in (WRITE, WRITE, READ, READ):
            api.send(call, timeout=30)

    assert ports[0] != ports[1]
    assert ports[2] == ports[3]


def test_credentials_that_cannot_be_a_header_are_refused_before_anything_is_sent() -> None:
    api = HttpApi(closed_port(), name="host", headers={"X-Key": "a\nb"})

    with closing(api), pytest.raises((Refused, Unavailable)) as caught:
        api.send(WRITE, timeout=30)

    assert "a\nb" not in str(caught.value)


def test_basic_credentials_are_sent() -> None:
    seen = []

    def note(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers["Authorization"])
        say(request, 200, b"{}")

    with serving(note) as url, closing(HttpApi(url, name="mail", basic=("api", "key-1"))) as api:
        api.send(READ, timeout=30)

    assert seen == ["Basic YXBpOmtleS0x"]  # base64 of api:key-1


def assert_ended(release: Event) -> None:
    assert release.wait(20)
