"""A cell is shown by its class, with its unit; what does not look like its class is masked."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.egress import MASKED, NOTHING, TEXT_LIMIT, shown
from bot.core.evidence import UNBOUNDED, Cell, Column, Shown


def show(cell: Cell, kind: str, **row: Cell) -> str:
    return shown(cell, Column(name="x", shown=Shown(kind)), row)


@pytest.mark.parametrize(
    ("cell", "kind", "text"),
    [
        ("550e8400-e29b-41d4-a716-446655440000", "id", "550e8400-e29b-41d4-a716-446655440000"),
        ("in_1PabcdEFGH", "id", "in_1PabcdEFGH"),
        (4711, "id", "4711"),
        ("tenant-7", "id", "tenant-7"),
        ("jane@example.com", "id", MASKED),
        ("Jane Doe", "id", MASKED),
        ("sk_live_abcdefgh", "id", MASKED),
        ("4242424242424242", "id", MASKED),
        ("", "id", NOTHING),
        (12345, "count", "12,345"),
        (3.0, "count", "3"),
        ("many", "count", MASKED),
        (True, "count", MASKED),
        (0.1 + 0.2, "number", "0.3"),
        (1234567.891, "number", "1,234,567.891"),
        (1e-9, "number", "1e-9"),
        (-0.0, "number", "0"),
        ("12.50", "number", "12.5"),
        (UNBOUNDED, "number", "∞"),
        (-UNBOUNDED, "number", "-∞"),
        ("nan", "number", MASKED),
        ("1e999999999", "number", "∞"),
        (0.005, "ratio", "0.5 %"),
        (1, "ratio", "100 %"),
        (UNBOUNDED, "ratio", "∞ %"),
        (0.25, "seconds", "250 ms"),
        (45, "seconds", "45 s"),
        (3600, "seconds", "1 h"),
        (3725, "seconds", "1 h 2 min"),
        (90061, "seconds", "1 d 1 h"),
        (-90, "seconds", "-1 min 30 s"),
        (UNBOUNDED, "seconds", "∞ s"),
        ("2026-11-20T10:00:00+01:00", "time", "2026-11-20 09:00:00 UTC"),
        (datetime(2026, 11, 20, 10, tzinfo=UTC), "time", "2026-11-20 10:00:00 UTC"),
        (1763632800, "time", "2025-11-20 10:00:00 UTC"),
        ("soon", "time", MASKED),
        (1e300, "time", MASKED),
        ("payment_failed", "enum", "payment_failed"),
        ("customer wrote: please call +49 151 23456789", "enum", MASKED),
        ("in trial", "enum", "in trial"),
        ("she asked us to wait until Monday", "enum", MASKED),
        (True, "flag", "yes"),
        (0, "flag", "no"),
        ("t", "flag", "yes"),
        ("maybe", "flag", MASKED),
        ("mail jane@example.com, account 1234567890", "text", "mail [e-mail], account [number]"),
        (None, "minor", NOTHING),
    ],
)
def test_a_cell_is_shown_by_its_class(cell: Cell, kind: str, text: str) -> None:
    assert show(cell, kind) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1999, "eur", "19.99 EUR"),
        (-5, "USD", "-0.05 USD"),
        (1999, "jpy", "1,999 JPY"),
        (500, "isk", "5.00 ISK"),
        (500, "ugx", "5.00 UGX"),
        (500, "mga", "500 MGA"),
        (1999, "kwd", "1.999 KWD"),
        (123456789, "gbp", "1,234,567.89 GBP"),
        (1999, None, "1,999 in minor units"),
        (1999, "jane@example.com", "1,999 in minor units"),
        ("nineteen", "eur", MASKED),
    ],
)
def test_money_is_shown_in_its_currency(amount: Cell, currency: Cell, text: str) -> None:
    assert show(amount, "minor", currency=currency) == text


def test_a_long_text_is_cut() -> None:
    assert len(show("a " * 1000, "text")) <= TEXT_LIMIT


@given(
    cell=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.datetimes(timezones=st.just(UTC))
    ),
    kind=st.sampled_from(Shown),
    currency=st.one_of(st.none(), st.text(max_size=4)),
)
def test_any_cell_can_be_shown_and_is_short(cell: Cell, kind: Shown, currency: Cell) -> None:
    text = shown(cell, Column(name="x", shown=kind), {"currency": currency})

    assert 0 <= len(text) <= 400
