"""Alertmanager asked for silences: what it says in its API v2, and what is no answer."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from threading import Event

import pytest

from bot.adapters.alertmanager import Alertmanager
from bot.core.errors import Unavailable
from bot.core.ports import Json
from tests.kit.host import Reply, closed_port, say, serving


@contextmanager
def adapter(reply: Reply) -> Iterator[Alertmanager]:
    with serving(reply) as url, closing(Alertmanager(url)) as alertmanager:
        yield alertmanager


def alert(fingerprint: str, *, silenced_by: tuple[str, ...] = (), inhibited_by: tuple[str, ...] = ()) -> Json:
    """As Alertmanager 0.28 says it."""
    state = "suppressed" if silenced_by or inhibited_by else "active"
    return {
        "fingerprint": fingerprint,
        "labels": {"alertname": "Dead"},
        "annotations": {},
        "startsAt": "2026-11-20T12:00:00.000Z",
        "endsAt": "2026-11-20T12:05:00.000Z",
        "updatedAt": "2026-11-20T12:00:00.000Z",
        "generatorURL": "",
        "receivers": [{"name": "countersign"}],
        "status": {
            "state": state,
            "silencedBy": list(silenced_by),
            "inhibitedBy": list(inhibited_by),
            "mutedBy": [],
        },
    }


def saying(body: Json, *, status: int = 200) -> Reply:
    def reply(request: BaseHTTPRequestHandler) -> None:
        assert request.path == "/api/v2/alerts"
        say(request, status, json.dumps(body).encode())

    return reply


def test_each_alert_it_has_is_silenced_or_not() -> None:
    said: Json = [
        alert("f1", silenced_by=("3e1",)),
        alert("f2"),
        alert("f3", inhibited_by=("f2",)),
        alert("f9", silenced_by=("3e1",)),
    ]

    with adapter(saying(said)) as alertmanager:
        found = alertmanager.silenced(frozenset({"f1", "f2", "f3", "f4"}), timeout=30)

    assert found == {"f1": True, "f2": False, "f3": False}


def test_nothing_is_asked_about_no_alerts() -> None:
    with closing(Alertmanager(closed_port())) as alertmanager:
        assert alertmanager.silenced(frozenset(), timeout=30) == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"code": 500}, 500, id="an-error"),
        pytest.param({"status": "success"}, 200, id="no-list"),
        pytest.param([], 401, id="not-let-in"),
    ],
)
def test_what_is_no_list_of_alerts_is_no_answer(body: Json, status: int) -> None:
    with adapter(saying(body, status=status)) as alertmanager, pytest.raises(Unavailable):
        alertmanager.silenced(frozenset({"f1"}), timeout=30)


def test_entries_that_are_no_alerts_are_passed_over() -> None:
    with adapter(saying([None, {}, {"fingerprint": 1}, alert("f1")])) as alertmanager:
        assert alertmanager.silenced(frozenset({"f1"}), timeout=30) == {"f1": False}


def test_nobody_there_is_unavailable() -> None:
    with closing(Alertmanager(closed_port())) as alertmanager, pytest.raises(Unavailable):
        alertmanager.silenced(frozenset({"f1"}), timeout=30)


def test_an_alertmanager_that_hangs_is_not_waited_for() -> None:
    done = Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        done.wait(10)

    with adapter(hang) as alertmanager:
        with pytest.raises(Unavailable):
            alertmanager.silenced(frozenset({"f1"}), timeout=0.2)
        done.set()


def test_it_says_since_when_it_has_been_there() -> None:
    def reply(request: BaseHTTPRequestHandler) -> None:
        assert request.path == "/api/v2/status"
        say(request, 200, json.dumps({"uptime": "2026-11-20T09:30:00.000Z", "cluster": {}}).encode())

    with adapter(reply) as alertmanager:
        assert alertmanager.since(timeout=30) == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_a_start_that_is_not_said_is_no_answer() -> None:
    def reply(request: BaseHTTPRequestHandler) -> None:
        say(request, 200, b"{}")

    with adapter(reply) as alertmanager, pytest.raises(Unavailable):
        alertmanager.since(timeout=30)
