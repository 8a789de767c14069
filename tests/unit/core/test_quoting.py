"""Durations, moments and the filters over them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bot.core.duration import Duration
from bot.core.quoting import duration, iso, minus, moment, plus

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("3h", 10800), ("1d", 86400), ("2w", 1209600), ("1h30m", 5400), ("500ms", 0.5)],
)
def test_a_duration_is_read_with_its_unit(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "5 m", "m", "-5m", "5M", "1h 30m", "5m!", "1y", "99999999999d", "1" * 50 + "s", "1.5h"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|longer"):
        duration(text)


@pytest.mark.parametrize("value", [5, 5.0, "0s", None, True, "soon"])
def test_a_field_takes_durations_with_a_unit_that_last(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(value)


@given(st.integers(0, 7_258_118_400))  # until the year 2200
def test_a_moment_is_the_same_as_datetime_text_and_epoch(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)

    assert moment(at) == moment(at.isoformat()) == moment(seconds) == moment(iso(at)) == at


@pytest.mark.parametrize("value", ["soon", "", True, None, [], 1e300, float("nan"), float("inf")])
def test_what_is_no_moment_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment(value)


def test_moments_move_by_durations() -> None:
    assert minus(NOON, "30m") == NOON - timedelta(minutes=30)
    assert plus("2026-11-20T12:00:00Z", "1d") == NOON + timedelta(days=1)
    assert iso(NOON) == "2026-11-20T12:00:00Z"
