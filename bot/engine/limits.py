"""Whether what an action would touch is within its limits: how many, and how much money in which currency."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.core.egress import shown
from bot.core.evidence import Column, Shown
from bot.core.facts import rows_of
from bot.engine.policy import Limits
from bot.engine.request import TargetSet


@dataclass(frozen=True, kw_only=True, slots=True)
class Excess:
    """Why it is refused (`hard`), and what asks for one more approver (`soft`), in sentences without full stops."""

    hard: str | None = None
    soft: tuple[str, ...] = ()


def excess(limits: Limits, targets: TargetSet) -> Excess:
    """What goes beyond the limits. Amounts count whatever their sign, so that a credit hides no charge."""
    hard = next(_hard(limits, targets), None)
    return Excess(hard=hard, soft=() if hard else tuple(_soft(limits, targets)))


def money_columns(targets: TargetSet) -> tuple[str, ...]:
    """The columns of its rows that hold money."""
    return tuple(column.name for column in targets.table.columns if column.shown is Shown.MINOR)


def _hard(limits: Limits, targets: TargetSet) -> Iterator[str]:
    count = len(targets.ids)
    if limits.max_targets is not None and count > limits.max_targets:
        yield f"{count} targets are more than the {limits.max_targets} that this action may touch at once"
    if not limits.currencies:
        return
    if without := _without_amount(targets):
        yield f"{without} of {count} targets have no amount, so its limit cannot be kept"
    for currency, total in _gross(targets).items():
        if currency not in limits.currencies:
            declared = ", ".join(sorted(limits.currencies))
            yield f"{_money(total, currency)} is in a currency that has no limit here; there is one for {declared}"
        elif limits.max_amount and total > limits.max_amount[currency]:
            most = _money(limits.max_amount[currency], currency)
            yield f"{_money(total, currency)} is more than the {most} that this action may touch at once"


def _soft(limits: Limits, targets: TargetSet) -> Iterator[str]:
    count, usual = len(targets.ids), limits.soft.targets
    if usual is not None and count > usual:
        yield f"{count} targets are more than the usual {usual}"
    gross = _gross(targets) if limits.soft.amount else {}
    for currency, total in gross.items():
        if currency in limits.soft.amount and total > limits.soft.amount[currency]:
            yield f"{_money(total, currency)} is more than the usual {_money(limits.soft.amount[currency], currency)}"


def _gross(targets: TargetSet) -> Mapping[str, int]:
    totals: dict[str, int] = defaultdict(int)
    names = money_columns(targets)
    for row in rows_of(targets.table):
        currency = str(row.get("currency") or "unknown").casefold()
        for name in names:
            cell = row[name]
            totals[currency] += abs(cell) if _is_amount(cell) and isinstance(cell, int) else 0
    return dict(sorted(totals.items()))


def _without_amount(targets: TargetSet) -> int:
    names = money_columns(targets)
    return sum(not names or any(not _is_amount(row[name]) for name in names) for row in rows_of(targets.table))


def _is_amount(cell: object) -> bool:
    return isinstance(cell, int) and not isinstance(cell, bool)


def _money(amount: int, currency: str) -> str:
    if currency == "unknown":
        return f"{amount} minor units of an unknown currency"
    return shown(amount, Column(name="amount", shown=Shown.MINOR), {"currency": currency})
