"""Facts: what an expression reads from evidence, fresh or out of the database."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from bot.core.errors import ExpressionError
from bot.core.evidence import Answer, Cell, Column, Evidence, Failure, Reason, Shown, Table
from bot.core.expression import Expression
from bot.core.facts import facts


def answer(columns: dict[str, Shown], *rows: tuple[Cell, ...], status: int | None = None) -> Answer:
    table = Table(columns=tuple(Column(name=n, shown=s) for n, s in columns.items()), rows=rows)
    return Answer(table=table, status=status)


def value(source: str, evidence: Evidence) -> object:
    return Expression(source).value({"q": facts(evidence)})


def test_the_columns_of_the_first_row_are_names() -> None:
    evidence = answer({"id": Shown.ID, "n": Shown.COUNT}, ("a", 1), ("b", 2), status=200)

    assert value("[q.id, q.n, q.count, q.rows[1].id, q.failed, q.cut, q.status_code]", evidence) == [
        "a", 1, 2, "b", False, False, 200,
    ]  # fmt: skip


def test_a_column_called_value_has_a_maximum_a_minimum_and_a_sum() -> None:
    evidence = answer({"value": Shown.NUMBER}, (1.0,), (None,), (3.0,))

    assert value("[q.max, q.min, q.sum]", evidence) == [3.0, 1.0, 4.0]


@pytest.mark.parametrize("source", ["q.max <= 0.005", "q.max > 0.005", "q.value < 1", "q.rows[0].value == 1"])
def test_a_comparison_with_no_rows_is_an_error_and_never_clean(source: str) -> None:
    with pytest.raises(ExpressionError):
        value(source, answer({"value": Shown.RATIO}))


@pytest.mark.parametrize("source", ["q.max <= 0.005", "q.count == 0", "q.rows | length == 0", "not q.enabled"])
def test_anything_read_from_a_failure_is_an_error(source: str) -> None:
    with pytest.raises(ExpressionError):
        value(source, Failure(reason=Reason.TIMEOUT, message="no answer"))


def test_a_failure_says_that_it_is_one() -> None:
    failure = Failure(reason=Reason.NOT_INSTALLED, message="no such route")

    assert value("[q.failed, q.reason, q.message]", failure) == [True, "not_installed", "no such route"]


def test_evidence_means_the_same_after_it_was_kept_as_json() -> None:
    adapter: TypeAdapter[Evidence] = TypeAdapter(Evidence)
    fresh = answer(
        {"id": Shown.ID, "at": Shown.TIME, "n": Shown.COUNT, "r": Shown.RATIO, "f": Shown.FLAG, "x": Shown.TEXT},
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC), 3, 1.0, True, None),
    )

    kept = adapter.validate_python(adapter.dump_python(fresh, mode="json"))

    assert facts(kept) == facts(fresh)
    assert value('q.at | plus("1h") | iso', kept) == "2026-01-01T01:00:00Z"
