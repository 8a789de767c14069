"""Answers that were written down, as the question would have made them: declared columns only, each of its class."""

from collections.abc import Mapping

from bot.core.errors import CountersignError, ExpressionError
from bot.core.evidence import Answer, Cell, Column, Evidence, Failure, Shown, Table
from bot.engine.reading import did_you_mean
from bot.engine.runbook import Question
from bot.engine.shapes import columns_of
from bot.simulation.trial import Failed, Given, Scalar
from bot.steps import HttpGet, Promql
from bot.steps.cells import cell


class Odd(CountersignError):
    """An answer that this question could never have had."""


def evidence(question: Question, given: Given) -> Evidence:
    """The evidence a written answer stands for. Raises Odd."""
    if isinstance(given, Failed):
        return Failure(reason=given.failed, message=given.message)
    columns = _columns(question, given.rows)
    rows = tuple(tuple(_cell(row, name, shown) for name, shown in columns.items()) for row in given.rows)
    table = Table(
        columns=tuple(Column(name=name, shown=shown) for name, shown in columns.items()), rows=rows, cut=given.cut
    )
    status = given.status_code or (200 if isinstance(question.step, HttpGet) else None)
    return Answer(table=table, status=status)


def _columns(question: Question, rows: tuple[Mapping[str, Scalar], ...]) -> Mapping[str, Shown]:
    declared = dict(columns_of(question.step))
    named = dict.fromkeys(name for row in rows for name in row)
    if isinstance(question.step, Promql):  # its labels are Prometheus' to say
        return {**{name: Shown.TEXT for name in sorted(named) if name != "value"}, **declared}
    for name in named:
        if name not in declared:
            raise Odd(f"{question.id} has no column {name}{did_you_mean(name, declared)}")
    return declared


def _cell(row: Mapping[str, Scalar], name: str, shown: Shown) -> Cell:
    try:
        return cell(row.get(name), shown=shown, name=name)
    except ExpressionError as error:
        raise Odd(str(error)) from error
