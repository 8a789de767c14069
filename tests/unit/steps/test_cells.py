"""Cells: each value from outside as its declared class, or a clear error."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from bot.core.errors import ExpressionError
from bot.core.evidence import UNBOUNDED, Cell, Shown
from bot.steps.cells import cell


@pytest.mark.parametrize(
    ("value", "shown", "expected"),
    [
        pytest.param(UUID(int=7), Shown.ID, "00000000-0000-0000-0000-000000000007", id="a uuid is text"),
        pytest.param(42, Shown.ID, "42", id="a serial number may name a row"),
        pytest.param(Decimal(12), Shown.COUNT, 12, id="a sum of bigints comes as a decimal"),
        pytest.param(3.0, Shown.COUNT, 3, id="JSON knows no whole numbers"),
        pytest.param("17", Shown.COUNT, 17, id="some hosts send numbers as text"),
        pytest.param(Decimal("0.25"), Shown.RATIO, 0.25, id="a decimal ratio"),
        pytest.param("0.005", Shown.RATIO, 0.005, id="a decimal string"),
        pytest.param(float("nan"), Shown.NUMBER, None, id="NaN is no number"),
        pytest.param(Decimal("NaN"), Shown.NUMBER, None, id="PostgreSQL's NaN neither"),
        pytest.param(float("inf"), Shown.NUMBER, UNBOUNDED, id="infinity stays greater than everything"),
        pytest.param(float("-inf"), Shown.NUMBER, -UNBOUNDED, id="and less"),
        pytest.param(timedelta(minutes=2), Shown.SECONDS, 120.0, id="an interval in seconds"),
        pytest.param(1700000000, Shown.TIME, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), id="epoch seconds"),
        pytest.param(datetime(2026, 1, 2, 3, 4), Shown.TIME, datetime(2026, 1, 2, 3, 4, tzinfo=UTC), id="naive is UTC"),  # noqa: DTZ001 - Ecto's timestamps have no zone
        pytest.param(date(2026, 1, 2), Shown.TIME, datetime(2026, 1, 2, tzinfo=UTC), id="a date begins at midnight"),
        pytest.param("2026-01-02T03:04:05Z", Shown.TIME, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), id="ISO text"),
        pytest.param(1, Shown.FLAG, True, id="SQLite's true"),
        pytest.param("a\x00b\ud800", Shown.TEXT, "ab?", id="what JSON in PostgreSQL cannot hold is dropped"),
        pytest.param(None, Shown.COUNT, None, id="nothing stays nothing"),
    ],
)
def test_a_value_becomes_a_cell_of_its_class(value: object, shown: Shown, expected: Cell) -> None:
    assert cell(value, shown=shown, name="x") == expected
    assert type(cell(value, shown=shown, name="x")) is type(expected)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("many", Shown.COUNT, id="a word is no count"),
        pytest.param(2.5, Shown.COUNT, id="nor is a fraction"),
        pytest.param(True, Shown.NUMBER, id="a flag is no number"),
        pytest.param(True, Shown.ENUM, id="nor a word"),
        pytest.param({"a": 1}, Shown.TEXT, id="an object is not one text"),
        pytest.param(["a"], Shown.ID, id="nor is a list"),
        pytest.param("yes", Shown.FLAG, id="a word is no flag"),
        pytest.param("yesterday", Shown.TIME, id="nor a time"),
        pytest.param(1e30, Shown.TIME, id="a year beyond the calendar"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_does_not_repeat_it(value: object, shown: Shown) -> None:
    with pytest.raises(ExpressionError, match=f"amount is declared {shown}") as caught:
        cell(value, shown=shown, name="amount")

    assert "yesterday" not in str(caught.value)
    assert "many" not in str(caught.value)


def test_free_text_is_masked_before_it_is_kept() -> None:
    kept = cell("no clause for jane.doe@customer.example", shown=Shown.TEXT, name="error")

    assert kept == "no clause for [e-mail]"


def test_a_long_text_is_cut() -> None:
    kept = cell("word " * 1000, shown=Shown.TEXT, name="x")

    assert isinstance(kept, str)
    assert len(kept) == 2000
    assert kept.endswith("…")
