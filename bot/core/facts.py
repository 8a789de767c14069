"""What expressions see of a question's evidence: `drift.max`, `dead.rows[0].type`, `ready.status_code`."""

from collections.abc import Mapping

from bot.core.evidence import Answer, Cell, Evidence, Failure, Shown, Table
from bot.core.quoting import moment

RESERVED = frozenset({"failed", "rows", "count", "cut", "status_code", "max", "min", "sum"})
"""Names that a declared column cannot have."""


def facts(evidence: Evidence) -> Mapping[str, object]:
    """The names under a question's id.

    Answered: `failed` (false), `rows` (a list of column -> cell), `count` of rows, `cut` (more existed), `status_code`,
    each column of the first row by its own name (None without rows), and over a column called `value` its `max`, `min`
    and `sum` (None when it has no number, so that a comparison fails instead of looking clean).
    Not answered: `failed` (true), `reason` and `message`; anything else is an ExpressionError where it is used.
    """
    match evidence:
        case Failure():
            return {"failed": True, "reason": evidence.reason.value, "message": evidence.message}
        case Answer():
            return _answered(evidence)


def _answered(answer: Answer) -> Mapping[str, object]:
    rows = rows_of(answer.table)
    first: Mapping[str, Cell] = rows[0] if rows else {column.name: None for column in answer.table.columns}
    return {
        **first,
        **(_over([row["value"] for row in rows]) if "value" in first else {}),
        "failed": False,
        "rows": rows,
        "count": len(rows),
        "cut": answer.table.cut,
        "status_code": answer.status,
    }


def rows_of(table: Table) -> list[dict[str, Cell]]:
    """A table as mappings of column name to cell; times are datetimes, also after they were kept as JSON."""
    return [
        {column.name: _typed(cell, column.shown) for column, cell in zip(table.columns, row, strict=True)}
        for row in table.rows
    ]


def _typed(cell: Cell, shown: Shown) -> Cell:
    return moment(cell) if shown is Shown.TIME and cell is not None else cell


def _over(values: list[Cell]) -> Mapping[str, object]:
    numbers = [value for value in values if isinstance(value, int | float)]
    if not numbers:
        return {"max": None, "min": None, "sum": None}
    return {"max": max(numbers), "min": min(numbers), "sum": sum(numbers)}
