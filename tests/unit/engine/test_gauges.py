"""From a check's answer to series: by declared labels, few, and never two of the same."""

from typing import Any

import pytest

from bot.core.errors import ExpressionError
from bot.core.evidence import Answer, Cell, Column, Shown, Table
from bot.engine.gauges import gauge
from bot.engine.scheduled import Check

COLUMNS = {"type": Shown.ENUM, "id": Shown.ID, "value": Shown.COUNT}


def check(**changes: Any) -> Check:
    sql = {"at": "db", "query": "select 1", "columns": {name: shown.value for name, shown in COLUMNS.items()}}
    return Check.model_validate(
        {"id": "dlq", "cron": "* * * * *", "sql": sql, "metric": "countersign_check_dlq", "labels": ["type"], **changes}
    )


def answer(*rows: tuple[Cell, ...], cut: bool = False) -> Answer:
    columns = tuple(Column(name=name, shown=shown) for name, shown in COLUMNS.items())
    return Answer(table=Table(columns=columns, rows=rows, cut=cut))


def test_each_row_is_a_series_and_one_without_a_number_is_none() -> None:
    made = gauge(check(), answer(("a", "1", 2), ("b", "2", 5), ("c", "3", None)))

    assert list(made.series) == [(("b",), 5.0), (("a",), 2.0)]
    assert not made.is_cut


def test_rows_are_counted_by_their_labels() -> None:
    made = gauge(check(value="count"), answer(("a", "1", 2), ("a", "2", 5), ("b", "3", 1)))

    assert list(made.series) == [(("a",), 2.0), (("b",), 1.0)]


@pytest.mark.parametrize(
    ("changes", "series"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"labels": [], "empty": 0}, [((), 0.0)], id="a-value"),
        pytest.param({"labels": [], "value": "count"}, [((), 0.0)], id="a-count-of-nothing"),
    ],
)
def test_no_row_is_no_series_unless_it_has_a_value(changes: dict[str, Any], series: list[Any]) -> None:
    assert list(gauge(check(**changes), answer()).series) == series


def test_two_rows_of_one_series_are_a_failure_and_not_the_last_one() -> None:
    with pytest.raises(ExpressionError, match="two rows have the same labels"):
        gauge(check(), answer(("a", "1", 2), ("a", "2", 5)))


def test_at_most_so_many_series_are_kept_the_greatest_first_and_it_is_said() -> None:
    made = gauge(check(series=2), answer(("a", "1", 1), ("b", "2", 3), ("c", "3", 2)))

    assert list(made.series) == [(("b",), 3.0), (("c",), 2.0)]
    assert made.is_cut


def test_a_query_that_was_cut_is_said_too() -> None:
    assert gauge(check(), answer(("a", "1", 1), cut=True)).is_cut


def test_what_does_not_look_like_an_identifier_is_no_label() -> None:
    (((label,), _),) = gauge(check(labels=["id"]), answer(("a", "ana@example.com", 1))).series

    assert "ana" not in label


def test_a_status_is_one_number() -> None:
    http = {"at": "api", "get": "/ready", "expect": [200, 503]}
    made = gauge(
        check(sql=None, http=http, labels=[], value="status_code"), Answer(table=Table(columns=(), rows=()), status=503)
    )

    assert list(made.series) == [((), 503.0)]
