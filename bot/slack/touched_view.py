"""From the targets that a request froze to what its card says of them."""

from collections import Counter
from datetime import datetime

from bot.core.egress import shown
from bot.core.evidence import Cell, Column, Shown, Table
from bot.core.facts import rows_of
from bot.core.quoting import moment
from bot.engine.request import Request, TargetSet
from bot.engine.runbook import Action, LeavesOut
from bot.engine.sums import sums
from bot.slack import words
from bot.slack.card_views import Touched

_SAMPLE = 5  # ids of targets that a card names
_AN_ID = Column(name="id", shown=Shown.ID)


def touched(request: Request, action: Action | None) -> Touched | None:
    """How many, which, what they are worth, and what is left out; None while nothing was looked at."""
    targets = request.targets
    if targets is None:
        return None
    worth = [
        f"{_money(total, currency)} ({words.label(name.removesuffix('_minor'))})"
        for name, by_currency in sums(targets.table).items()
        for currency, total in by_currency.items()
    ]
    oldest, ahead = _oldest(targets.table, request.requested_at)
    left_out = request.preview.left_out if request.preview else None
    declared = action.leaves_out if action else None
    return Touched(
        count=len(targets.ids),
        sample=tuple(shown(each, _AN_ID, {}) for each in targets.ids[:_SAMPLE]),
        sums=tuple(worth),
        details=_details(targets),
        oldest=oldest if len(targets.ids) > 1 else None,
        ahead=ahead,
        left_out=_left_out(left_out.table, declared) if left_out and declared else (),
    )


def _money(minor: int, currency: str) -> str:
    return shown(minor, Column(name="total", shown=Shown.MINOR), {"currency": currency})


def _details(targets: TargetSet) -> tuple[tuple[str, str], ...]:
    """What else is known of a target, where there is just one; its worth stands for itself."""
    if len(targets.ids) != 1:
        return ()
    row = rows_of(targets.table)[0]
    return tuple(
        (words.label(column.name), shown(row[column.name], column, row))
        for column in targets.table.columns
        if column.shown is not Shown.MINOR
        and column.name != "currency"
        and row[column.name] is not None
        and str(row[column.name]) != targets.ids[0]
    )


def _oldest(table: Table, asked_at: datetime) -> tuple[datetime | None, str | None]:
    """The earliest moment in the first column of moments, and the column's name where it is yet to come."""
    at = next((at for at, column in enumerate(table.columns) if column.shown is Shown.TIME), None)
    if at is None:
        return None, None
    found = min((each for row in table.rows if (each := _moment(row[at])) is not None), default=None)
    return found, words.label(table.columns[at].name) if found is not None and found > asked_at else None


def _moment(cell: Cell) -> datetime | None:
    """None where it does not look like a time: that is masked, never shown."""
    try:
        return moment(cell) if cell is not None else None
    except (ValueError, OverflowError, OSError):
        return None


def _left_out(table: Table, declared: LeavesOut) -> tuple[str, ...]:
    by_reason: Counter[str] = Counter()
    column = next(column for column in table.columns if column.name == declared.reason)
    for row in rows_of(table):
        many = row.get(declared.count) if declared.count else 1
        by_reason[shown(row[declared.reason], column, {})] += many if isinstance(many, int) else 1
    more = ("and more",) if table.cut else ()
    return (*(f"{count:,} × {why}" for why, count in by_reason.most_common() if count), *more)  # noqa: RUF001
