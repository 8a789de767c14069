"""How much an action may touch: targets, and money by currency."""

from typing import Any

import pytest

from bot.core.evidence import Cell, Column, Shown, Table
from bot.engine.limits import Excess, excess
from bot.engine.policy import Limits
from bot.engine.request import TargetSet

COLUMNS = (
    Column(name="id", shown=Shown.ID),
    Column(name="amount", shown=Shown.MINOR),
    Column(name="currency", shown=Shown.ENUM),
)


def targets(*worth: tuple[Cell, Cell]) -> TargetSet:
    rows = tuple((f"in_{number}", *each) for number, each in enumerate(worth))
    return TargetSet(ids=tuple(str(row[0]) for row in rows), table=Table(columns=COLUMNS, rows=rows))


@pytest.mark.parametrize(
    ("limits", "worth", "hard"),
    [
        pytest.param({}, [(10**9, "usd")], None, id="no-limits"),
        pytest.param({"max_targets": 2}, [(1, "usd")] * 2, None, id="as-many-as-may-be"),
        pytest.param(
            {"max_targets": 2},
            [(1, "usd")] * 3,
            "3 targets are more than the 2 that this action may touch at once",
            id="one-too-many",
        ),
        pytest.param({"max_amount": {"usd": 100000}}, [(60000, "usd"), (40000, "USD")], None, id="just-as-much"),
        pytest.param(
            {"max_amount": {"usd": 100000}},
            [(60000, "usd"), (40001, "usd")],
            "1,000.01 USD is more than the 1,000.00 USD that this action may touch at once",
            id="a-cent-too-much",
        ),
        pytest.param(
            {"max_amount": {"usd": 100000}},
            [(60000, "usd"), (-60000, "usd")],
            "1,200.00 USD is more than the 1,000.00 USD that this action may touch at once",
            id="a-credit-hides-no-charge",
        ),
        pytest.param(
            {"max_amount": {"jpy": 1000}},
            [(1001, "jpy")],
            "1,001 JPY is more than the 1,000 JPY that this action may touch at once",
            id="a-currency-without-minor-units",
        ),
        pytest.param(
            {"max_amount": {"usd": 100000, "eur": 100000}},
            [(1, "usd"), (1, "gbp")],
            "0.01 GBP is in a currency that has no limit here; there is one for eur, usd",
            id="an-undeclared-currency",
        ),
        pytest.param(
            {"soft": {"amount": {"usd": 100}}},
            [(1, "gbp")],
            "0.01 GBP is in a currency that has no limit here; there is one for usd",
            id="undeclared-by-the-soft-limit-alone",
        ),
        pytest.param(
            {"max_amount": {"usd": 100000}},
            [(5, None)],
            "5 minor units of an unknown currency is in a currency that has no limit here; there is one for usd",
            id="no-currency",
        ),
        pytest.param(
            {"max_amount": {"usd": 100000}},
            [(None, "usd"), (1, "usd")],
            "1 of 2 targets have no amount, so its limit cannot be kept",
            id="no-amount",
        ),
        pytest.param(
            {"max_amount": {"usd": 100000}},
            [(1.5, "usd")],
            "1 of 1 targets have no amount, so its limit cannot be kept",
            id="half-a-cent-is-no-amount",
        ),
    ],
)
def test_what_goes_beyond_a_limit_is_refused(
    limits: dict[str, Any], worth: list[tuple[Cell, Cell]], hard: str | None
) -> None:
    assert excess(Limits.model_validate(limits), targets(*worth)) == Excess(hard=hard)


@pytest.mark.parametrize(
    ("soft", "worth", "told"),
    [
        pytest.param({"targets": 2}, [(1, "usd")] * 2, (), id="as-usual"),
        pytest.param({"targets": 2}, [(1, "usd")] * 3, ("3 targets are more than the usual 2",), id="more-targets"),
        pytest.param(
            {"amount": {"usd": 100, "eur": 100}},
            [(101, "usd"), (100, "eur")],
            ("1.01 USD is more than the usual 1.00 USD",),
            id="more-money",
        ),
        pytest.param(
            {"targets": 1, "amount": {"usd": 100}},
            [(100, "usd"), (100, "usd")],
            ("2 targets are more than the usual 1", "2.00 USD is more than the usual 1.00 USD"),
            id="more-of-both",
        ),
    ],
)
def test_what_goes_beyond_the_usual_is_said(
    soft: dict[str, Any], worth: list[tuple[Cell, Cell]], told: tuple[str, ...]
) -> None:
    assert excess(Limits.model_validate({"soft": soft}), targets(*worth)) == Excess(soft=told)


def test_what_is_refused_asks_for_nobody_more() -> None:
    limits = Limits.model_validate({"max_targets": 2, "soft": {"targets": 1}})

    assert excess(limits, targets(*[(1, "usd")] * 3)).soft == ()
