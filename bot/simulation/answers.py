"""Answers that were written down, as the step would have made them: declared columns only, each of its class."""

from collections.abc import Mapping

from bot.core.errors import CountersignError, ExpressionError
from bot.core.evidence import Answer, Cell, Column, Evidence, Failure, Shown, Table
from bot.engine.reading import did_you_mean
from bot.engine.shapes import columns_of
from bot.simulation.trial import Failed, Given, Scalar
from bot.steps import CommandRun, HttpGet, HttpSend, Promql, Read
from bot.steps.cells import cell

Step = Read | HttpSend | CommandRun


class Odd(CountersignError):
    """An answer that this question could never have had."""


def evidence(name: str, step: Step, given: Given) -> Evidence:
    """The evidence a written answer to `name` stands for. Raises Odd."""
    if isinstance(given, Failed):
        return Failure(reason=given.failed, message=given.message)
    columns = _columns(name, step, given.rows)
    rows = tuple(tuple(_cell(row, column, shown) for column, shown in columns.items()) for row in given.rows)
    table = Table(
        columns=tuple(Column(name=column, shown=shown) for column, shown in columns.items()), rows=rows, cut=given.cut
    )
    status = given.status_code or (200 if isinstance(step, HttpGet | HttpSend) else None)
    return Answer(table=table, status=status)


def _columns(asked: str, step: Step, rows: tuple[Mapping[str, Scalar], ...]) -> Mapping[str, Shown]:
    declared = dict(columns_of(step))
    named = dict.fromkeys(name for row in rows for name in row)
    if isinstance(step, Promql):  # its labels are Prometheus' to say
        return {**{name: Shown.TEXT for name in sorted(named) if name != "value"}, **declared}
    for name in named:
        if name not in declared:
            raise Odd(f"{asked} has no column {name}{did_you_mean(name, declared)}")
    return declared


def _cell(row: Mapping[str, Scalar], name: str, shown: Shown) -> Cell:
    try:
        return cell(row.get(name), shown=shown, name=name)
    except ExpressionError as error:
        raise Odd(str(error)) from error
