"""Prometheus, through prometheus-api-client: one POST per query, no retries, its errors translated once."""

import ast
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar, cast

from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests import Session
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import RequestException, Timeout
from urllib3 import Retry

from bot.core.egress import mask
from bot.core.errors import CountersignError, Refused, TimedOut, Unavailable
from bot.core.evidence import Series
from bot.core.ports import Sample

T = TypeVar("T")
_WHAT = "prometheus"
_STATUS = re.compile(r"HTTP Status Code (?P<status>\d{3}) \((?P<body>.*)\)", re.DOTALL)
_LONGEST_REASON = 200


class Prometheus:
    """The Metrics port. `ceiling` bounds every call's timeout, in seconds."""

    def __init__(self, url: str, *, ceiling: float | None = None) -> None:
        session = Session()
        session.max_redirects = 0  # requests would turn the POST into a GET
        self._client = PrometheusConnect(
            url.rstrip("/"), method="POST", retry=Retry(total=0), session=session, timeout=ceiling or 30
        )
        self._ceiling = ceiling

    def instant(self, query: str, *, at: datetime | None, timeout: float) -> tuple[Sample, ...]:
        """An instant query; a scalar is one sample without labels. Raises Refused for a query that is wrong."""
        seconds = self._bounded(timeout)
        params = _parameters(seconds) | ({"time": f"{at.timestamp():.3f}"} if at else {})
        found = _translated(lambda: self._client.custom_query(query, params=params, timeout=seconds), seconds=seconds)
        return _read(lambda: _samples(found))

    def range(
        self, query: str, *, start: datetime, end: datetime, step: timedelta, timeout: float
    ) -> tuple[Series, ...]:
        """The query over time. Points that are no number are left out; a gap is a gap."""
        seconds = self._bounded(timeout)
        found = _translated(
            lambda: self._client.custom_query_range(
                query,
                start,
                end,
                f"{step.total_seconds():g}",
                params=_parameters(seconds),
                timeout=seconds,
            ),
            seconds=seconds,
        )
        return _read(lambda: tuple(_line(element) for element in cast(list[Mapping[str, object]], found)))

    def close(self) -> None:
        self._client._session.close()  # noqa: SLF001 - the library offers no close

    def _bounded(self, timeout: float) -> float:
        return min(timeout, self._ceiling) if self._ceiling else timeout


def _parameters(seconds: float) -> dict[str, str]:
    return {"timeout": f"{max(1, round(seconds * 1000))}ms"}  # Prometheus gives up on it when we do


def _translated(ask: Callable[[], T], *, seconds: float) -> T:
    try:
        return ask()
    except Timeout as error:
        raise TimedOut(_WHAT, seconds) from error
    except NoConnection as error:
        raise Unavailable(_WHAT, "no connection") from error
    except PrometheusApiClientException as error:
        raise _answered(str(error), seconds) from error
    except (RequestException, KeyError, TypeError, ValueError) as error:
        raise Unavailable(_WHAT, f"its answer is not Prometheus' JSON ({type(error).__name__})") from error


def _answered(text: str, seconds: float) -> CountersignError:
    found = _STATUS.match(text)
    if found is None:
        return Unavailable(_WHAT, "it answered with an error")
    status = int(found["status"])
    kind, reason = _error(found["body"])
    if kind in {"timeout", "canceled"}:
        return TimedOut(_WHAT, seconds)
    why = f"it answered {status}{': ' + reason if reason else ''}"
    if status >= 500 or status == 429:
        return Unavailable(_WHAT, why)
    return Refused(_WHAT, why, status=status)


def _error(body: str) -> tuple[str, str]:
    """The error type and text of an error body, which the library hands over as the text of a bytes literal."""
    try:
        said = json.loads(ast.literal_eval(body))
        return str(said.get("errorType", "")), mask(str(said.get("error", "")))[:_LONGEST_REASON]
    except (ValueError, SyntaxError, AttributeError):
        return "", ""


def _read(read: Callable[[], T]) -> T:
    try:
        return read()
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Refused(_WHAT, "the query does not give numbers over labels; aggregate a range or a histogram") from error


def _samples(found: object) -> tuple[Sample, ...]:
    match found:
        case [int() | float() as at, str() as value]:  # a scalar
            return (Sample(labels={}, at=float(at), value=float(value)),)
        case list():
            return tuple(_sample(element) for element in found)
    raise TypeError(type(found).__name__)


def _sample(element: Mapping[str, object]) -> Sample:
    at, value = cast(tuple[float, str], element["value"])
    return Sample(labels=cast(dict[str, str], element["metric"]), at=float(at), value=float(value))


def _line(element: Mapping[str, object]) -> Series:
    points = ((float(at), float(value)) for at, value in cast(list[tuple[float, str]], element["values"]))
    return Series(
        labels=cast(dict[str, str], element["metric"]),
        points=tuple((at, value) for at, value in points if math.isfinite(value)),
    )
