"""Filters that put a value into a query language or an address without letting it out of its quotes."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

_DURATION = re.compile(r"(?P<n>\d+)(?P<unit>ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = 10 * 366 * 86400


def promql(value: object) -> str:
    r"""A label value as a PromQL string literal, quotes included.

    >>> promql('a"} or vector(1)')
    '"a\\"} or vector(1)"'
    """
    if value is None:
        raise ValueError("there is no value to match")
    if value is None:
        raise ValueError("there is no value to put into PromQL")
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


class Segment(str):
    """A path segment that is already encoded."""

    __slots__ = ()


def segment(value: object) -> Segment:
    """One path segment, encoded: it can add neither a slash nor a query, and is never empty.

    >>> segment("a/b?c")
    'a%2Fb%3Fc'
    """
    text = "" if value is None else str(value)
    if text in {"", ".", ".."}:  # /invoices/ is another question than /invoices/in_1
        raise ValueError(f"{text!r} cannot be a path segment")
    return Segment(quote(text, safe=""))


def duration(text: str) -> timedelta:
    """`90s`, `15m`, `3h`, `1d`, and sums such as `1h30m`. Raises ValueError."""
    parts = list(_DURATION.finditer(text)) if len(text) <= 40 else []
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError(f"{text!r} is not a duration; write 90s, 15m, 3h, 1d or 1h30m")
    seconds = sum(int(part["n"]) * _SECONDS[part["unit"]] for part in parts)
    if seconds > _LONGEST:
        raise ValueError(f"{text!r} is longer than ten years")
    return timedelta(seconds=seconds)


def moment(value: object) -> datetime:
    """An aware UTC datetime from a datetime, an ISO text or epoch seconds. Raises ValueError."""
    match value:
        case datetime():
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        case bool():
            raise ValueError("a flag is not a time")
        case int() | float():
            return _of_epoch(value)
        case str():
            return moment(datetime.fromisoformat(value))
    raise ValueError(f"{value!r} is not a time")


def _of_epoch(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{seconds!r} is not a time in seconds since 1970") from error


def iso(value: object) -> str:
    """A moment as RFC 3339 text in UTC."""
    return moment(value).isoformat().replace("+00:00", "Z")


def minus(value: object, length: str) -> datetime:
    """A moment earlier by a duration: `incident.starts_at | minus("30m")`."""
    return moment(value) - duration(length)


def plus(value: object, length: str) -> datetime:
    """A moment later by a duration."""
    return moment(value) + duration(length)
