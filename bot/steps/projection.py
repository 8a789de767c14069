"""From somebody else's JSON to a table of declared columns."""

from collections.abc import Mapping
from functools import lru_cache

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from bot.core.errors import ExpressionError
from bot.core.evidence import Cell, Column, Shown, Table
from bot.core.ports import Json, Rows
from bot.steps.cells import cell
from bot.steps.step import Projected

Show = Mapping[str, str | Projected]


@lru_cache(maxsize=2048)
def _compiled(path: str) -> ParsedResult:
    return jmespath.compile(path)


def search(path: str, document: Json) -> object:
    """What `path` finds, None where there is nothing. Raises ExpressionError when a function meets a wrong type."""
    try:
        found: object = _compiled(path).search(document)
    except JMESPathError as error:
        raise ExpressionError(f"{path!r}: {type(error).__name__} on this reply") from error
    return found


def columns_of(show: Show) -> tuple[Column, ...]:
    """The declared columns, in order; a bare path is shown as text."""
    return tuple(Column(name=name, shown=_projected(spec).shown) for name, spec in show.items())


def table_of(document: Json, *, show: Show, rows: str | None, limit: int, done: bool = False) -> Table:
    """The declared fields of a JSON reply: one row, or one per element of the list at `rows`, at most `limit`.

    A reply without that list, or with a value of a wrong type, is an ExpressionError: it must not pass for an empty
    one. With `done` it is the reply to a write that took effect, which nothing may turn into a failure: what cannot
    be read is None.
    """
    columns = columns_of(show)
    if rows is None:
        return Table(columns=columns, rows=(_row(document, show, done=done),) if show else ())
    items = _found(rows, document, done=done)
    if not isinstance(items, list):
        if done:
            return Table(columns=columns)
        raise ExpressionError(f"the reply has no list at {rows!r}")
    more = isinstance(document, Mapping) and document.get("has_more") is True  # Stripe's lists say so
    return Table(
        columns=columns,
        rows=tuple(_row(item, show, done=done) for item in items[:limit]),
        cut=more or len(items) > limit,
    )


def table_of_rows(result: Rows, *, columns: Mapping[str, Shown], done: bool = False) -> Table:
    """The declared columns of a result set. Raises ExpressionError when one is missing, or of a wrong type.

    With `done` they are the snapshot of a change that was committed: what cannot be read is None.
    """
    positions = {name: index for index, name in enumerate(result.columns)}
    missing = [name for name in columns if name not in positions]
    if missing:
        raise ExpressionError(f"the query gives no column {', '.join(missing)}")
    return Table(
        columns=tuple(Column(name=name, shown=shown) for name, shown in columns.items()),
        rows=tuple(
            tuple(_cell(row[positions[name]], shown, name, done=done) for name, shown in columns.items())
            for row in result.rows
        ),
        cut=result.cut,
    )


def _row(document: Json, show: Show, *, done: bool) -> tuple[Cell, ...]:
    specs = {name: _projected(spec) for name, spec in show.items()}
    return tuple(
        _cell(_found(spec.path, document, done=done), spec.shown, name, done=done) for name, spec in specs.items()
    )


def _found(path: str, document: Json, *, done: bool) -> object:
    try:
        return search(path, document)
    except ExpressionError:
        if done:
            return None
        raise


def _cell(value: object, shown: Shown, name: str, *, done: bool) -> Cell:
    try:
        return cell(value, shown=shown, name=name)
    except ExpressionError:
        if done:
            return None
        raise


def _projected(spec: str | Projected) -> Projected:
    return spec if isinstance(spec, Projected) else Projected(path=spec)
