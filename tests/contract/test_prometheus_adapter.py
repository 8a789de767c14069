"""The Metrics port, against a real Prometheus and its fake, and each way in which one can fail to answer."""

import json
import math
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from threading import Event

import pytest
import responses

from bot.adapters.prometheus import Prometheus
from bot.core.errors import CountersignError, Refused, TimedOut, Unavailable
from bot.core.evidence import Series
from bot.core.ports import Json, Metrics, Sample
from tests.kit.fakes import FakeMetrics
from tests.kit.host import closed_port, serving
from tests.kit.prometheus import prometheus

__all__ = ["prometheus"]

ADDRESS = "http://prometheus.test:9090"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["fake", "prometheus"])
def metrics(request: pytest.FixtureRequest) -> Iterator[Metrics]:
    """`drift{tenant="a"}` is 0.001 and `drift{tenant="b"}` 0.25; nothing is called `missing`."""
    if request.param == "fake":
        samples = [Sample(labels={"tenant": t}, at=0, value=v) for t, v in (("a", 0.001), ("b", 0.25))]
        line = Series(labels={"tenant": "b"}, points=((0.0, 0.25), (30.0, 0.25)))
        yield FakeMetrics(
            vectors={"drift * 1": samples, "vector(2)": [Sample(labels={}, at=0, value=2)]},
            lines={'drift{tenant="b"} * 1': [line]},
        )
        return
    with closing(Prometheus(request.getfixturevalue("prometheus"))) as adapter:
        yield adapter


def test_an_instant_query_gives_a_sample_per_series(metrics: Metrics) -> None:
    samples = metrics.instant("drift * 1", at=None, timeout=30)

    assert {(sample.labels["tenant"], sample.value) for sample in samples} == {("a", 0.001), ("b", 0.25)}


def test_a_query_without_series_gives_nothing(metrics: Metrics) -> None:
    assert metrics.instant("missing", at=None, timeout=30) == ()


def test_a_range_gives_a_line_per_series(metrics: Metrics) -> None:
    lines = metrics.range(
        'drift{tenant="b"} * 1',
        start=now() - timedelta(hours=1),
        end=now(),
        step=timedelta(seconds=30),
        timeout=30,
    )

    assert [line.labels for line in lines] == [{"tenant": "b"}]
    assert {value for _, value in lines[0].points} == {0.25}


@pytest.fixture
def adapter(prometheus: str) -> Iterator[Prometheus]:
    with closing(Prometheus(prometheus)) as made:
        yield made


def test_a_chart_of_three_hours_has_some_120_points(adapter: Prometheus) -> None:
    lines = adapter.range(
        'drift{tenant="a"}', start=now() - timedelta(hours=3), end=now(), step=timedelta(seconds=90), timeout=30
    )

    assert 118 <= len(lines[0].points) <= 121


def test_a_scalar_is_one_sample_without_labels(adapter: Prometheus) -> None:
    (sample,) = adapter.instant("scalar(vector(2))", at=None, timeout=30)

    assert (sample.labels, sample.value) == ({}, 2.0)


def test_a_query_may_be_about_another_moment(adapter: Prometheus) -> None:
    before = now() - timedelta(days=30)

    assert adapter.instant("drift", at=before, timeout=30) == ()
    assert len(adapter.instant("drift", at=now() - timedelta(hours=1), timeout=30)) == 2


@pytest.mark.parametrize(("query", "value"), [("1 / vector(0)", math.inf), ("-1 / vector(0)", -math.inf)])
def test_infinity_comes_as_it_is(adapter: Prometheus, query: str, value: float) -> None:
    (sample,) = adapter.instant(query, at=None, timeout=30)

    assert sample.value == value


def test_what_is_not_a_number_is_kept_in_a_vector_and_left_out_of_a_line(adapter: Prometheus) -> None:
    (sample,) = adapter.instant("undefined", at=None, timeout=30)
    lines = adapter.range(
        "undefined", start=now() - timedelta(minutes=5), end=now(), step=timedelta(seconds=30), timeout=30
    )

    assert math.isnan(sample.value)
    assert all(line.points == () for line in lines)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        pytest.param("rate(", "parse error", id="it does not parse"),
        pytest.param("rate(drift)", "range vector", id="it is of the wrong type"),
        pytest.param("drift[5m]", "aggregate", id="it gives a range"),
        pytest.param('"text"', "aggregate", id="it gives a text"),
        pytest.param("drift * on() vector(1) + on(x) drift", "many", id="it cannot be carried out"),
    ],
)
def test_a_wrong_query_is_refused_with_prometheus_own_reason(adapter: Prometheus, query: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        adapter.instant(query, at=None, timeout=30)


def test_nobody_listening_is_unavailable_at_once() -> None:
    with closing(Prometheus(closed_port())) as adapter, pytest.raises(Unavailable, match="no connection"):
        adapter.instant("up", at=None, timeout=30)


def test_one_that_hangs_is_asked_once_and_given_up_at_the_deadline() -> None:
    release, calls = Event(), []

    def hang(request: BaseHTTPRequestHandler) -> None:
        calls.append(request.command)
        assert release.wait(20)

    with serving(hang) as url, closing(Prometheus(url)) as adapter:
        with pytest.raises(TimedOut, match=r"0\.2 s"):
            adapter.instant("up", at=None, timeout=0.2)
        release.set()

    assert calls == ["POST"]


def test_the_resources_own_timeout_is_a_ceiling() -> None:
    release = Event()

    with serving(lambda _request: assert_ended(release)) as url, closing(Prometheus(url, ceiling=0.2)) as adapter:
        with pytest.raises(TimedOut, match=r"0\.2 s"):
            adapter.instant("up", at=None, timeout=20)
        release.set()


def assert_ended(release: Event) -> None:
    assert release.wait(20)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(400, {"status": "error", "errorType": "bad_data", "error": "no"}, Refused, id="bad query"),
        pytest.param(401, "Unauthorized", Refused, id="credentials"),
        pytest.param(404, "page not found", Refused, id="another address"),
        pytest.param(422, {"status": "error", "errorType": "execution", "error": "no"}, Refused, id="not executable"),
        pytest.param(429, "slow down", Unavailable, id="rate limit of a proxy"),
        pytest.param(500, "oops", Unavailable, id="its own error"),
        pytest.param(502, "bad gateway", Unavailable, id="a proxy's"),
        pytest.param(503, {"status": "error", "errorType": "timeout", "error": "x"}, TimedOut, id="its own timeout"),
        pytest.param(503, {"status": "error", "errorType": "internal", "error": "x"}, Unavailable, id="not ready"),
        pytest.param(200, "<html>", Unavailable, id="a login page"),
        pytest.param(200, {"status": "success"}, Unavailable, id="JSON of something else"),
        pytest.param(200, {"data": None}, Unavailable, id="JSON without data"),
    ],
)
def test_each_bad_answer_is_one_error_of_ours(status: int, body: Json, error: type[CountersignError]) -> None:
    text = body if isinstance(body, str) else json.dumps(body)

    with responses.RequestsMock() as wire, closing(Prometheus(ADDRESS)) as adapter:
        wire.add(responses.POST, f"{ADDRESS}/api/v1/query", body=text, status=status)
        with pytest.raises(error) as caught:
            adapter.instant("up", at=None, timeout=30)
        assert len(wire.calls) == 1, "nothing is asked twice"

    assert type(caught.value) is error


def test_a_redirect_is_not_followed() -> None:
    with responses.RequestsMock() as wire, closing(Prometheus(ADDRESS)) as adapter:
        wire.add(responses.POST, f"{ADDRESS}/api/v1/query", status=302, headers={"Location": "http://elsewhere.test/"})
        with pytest.raises((Refused, Unavailable)):
            adapter.instant("up", at=None, timeout=30)


def test_prometheus_is_told_the_deadline_too() -> None:
    with responses.RequestsMock() as wire, closing(Prometheus(ADDRESS)) as adapter:
        wire.add(responses.POST, f"{ADDRESS}/api/v1/query", json={"data": {"result": []}})
        adapter.instant("up", at=None, timeout=2.5)

        sent = wire.calls[0].request
        assert sent.url is not None
        assert "timeout=2500ms" in sent.url
