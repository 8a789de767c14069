"""Sums of money over rows: minor units, by currency, never across currencies."""

from collections import defaultdict
from collections.abc import Mapping

from bot.core.evidence import Shown, Table
from bot.core.facts import rows_of


def sums(table: Table) -> Mapping[str, Mapping[str, int]]:
    """Each money column's total by currency: `{"amount_due": {"eur": 1200, "usd": 900}}`.

    Rows without a `currency` are summed under `unknown`, for they cannot be added to any other.
    """
    money = [column.name for column in table.columns if column.shown is Shown.MINOR]
    totals: dict[str, dict[str, int]] = {name: defaultdict(int) for name in money}
    for row in rows_of(table):
        currency = str(row.get("currency") or "unknown").casefold()
        for name in money:
            cell = row[name]
            if isinstance(cell, int):
                totals[name][currency] += cell
    return {name: dict(by_currency) for name, by_currency in totals.items()}
