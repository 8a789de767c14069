"""From a check's answer to the series of its gauge. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.egress import shown
from bot.core.errors import ExpressionError
from bot.core.evidence import Answer, Cell, Column
from bot.core.facts import rows_of
from bot.engine.scheduled import COUNT, STATUS, Check

Labels = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauge:
    """The series of one answer: label values in the check's order, and the number. `is_cut` when more existed."""

    series: Sequence[tuple[Labels, float]]
    is_cut: bool = False


def gauge(check: Check, answer: Answer) -> Gauge:
    """Raises ExpressionError when two rows would be one series."""
    found = sorted(_series(check, answer).items(), key=lambda each: (-each[1], each[0]))
    return Gauge(series=found[: check.series], is_cut=answer.table.cut or len(found) > check.series)


def _series(check: Check, answer: Answer) -> Mapping[Labels, float]:
    if check.value == STATUS:
        return {(): float(answer.status or 0)}
    columns = {column.name: column for column in answer.table.columns}
    rows = rows_of(answer.table)
    if check.value == COUNT:
        counted = Counter(_labels(check, row, columns) for row in rows)
        return {labels: float(count) for labels, count in counted.items()} if check.labels else {(): float(len(rows))}
    if not rows and check.empty is not None:
        return {(): check.empty}
    series: dict[Labels, float] = {}
    for row in rows:
        number = _number(row[check.value])
        if number is None:
            continue
        labels = _labels(check, row, columns)
        if labels in series:
            raise ExpressionError(f"two rows have the same labels ({', '.join(check.labels) or 'none'})")
        series[labels] = number
    return series


def _labels(check: Check, row: Mapping[str, Cell], columns: Mapping[str, Column]) -> Labels:
    """As they may leave: what does not look like its class is masked here too."""
    return tuple("" if row[name] is None else shown(row[name], columns[name], row) for name in check.labels)


def _number(cell: Cell) -> float | None:
    match cell:
        case datetime():
            return cell.timestamp()
        case bool() | int() | float():
            return float(cell)
    return None
