"""Questions: what each kind sends, and what table it makes of the reply."""

from datetime import UTC, datetime

import pytest

from bot.core.errors import ExpressionError, NotConnected, NotInstalled, Refused, TimedOut, Unavailable
from bot.core.evidence import Column, Series, Shown
from bot.core.facts import facts
from bot.core.ports import HttpReply, Sample
from bot.steps import HttpGet, Promql, SqlRead, StripeGet
from bot.steps.step import Call
from tests.kit.fakes import FakeHttp, FakeMetrics, FakeReadDatabase, FakeResources, FakeStripe, ok

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def call(resources: FakeResources, **scope: object) -> Call:
    return Call(resources=resources, scope=scope, timeout=5, now=NOW)


def sample(value: float, **labels: str) -> Sample:
    return Sample(labels=labels, at=0, value=value)


def test_an_instant_query_gives_a_row_per_series_greatest_first() -> None:
    metrics = FakeMetrics(vectors={"drift": [sample(0.1, tenant="a", __name__="drift"), sample(0.3, tenant="b")]})
    step = Promql.model_validate({"at": "metrics", "query": "drift", "value": "ratio"})

    answer = step.run(call(FakeResources(all_metrics={"metrics": metrics})))

    assert answer.table.columns == (Column(name="tenant", shown=Shown.TEXT), Column(name="value", shown=Shown.RATIO))
    assert answer.table.rows == (("b", 0.3), ("a", 0.1))
    assert facts(answer)["max"] == 0.3


def test_a_value_is_quoted_into_promql() -> None:
    metrics = FakeMetrics()
    step = Promql.model_validate({"at": "metrics", "query": "drift{t={{ params.t | promql }}}"})

    step.run(call(FakeResources(all_metrics={"metrics": metrics}), params={"t": 'a"} or vector(1)'}))

    assert metrics.asked == ['drift{t="a\\"} or vector(1)"}']


def test_more_series_than_the_limit_are_cut_and_it_says_so() -> None:
    metrics = FakeMetrics(vectors={"up": [sample(n, n=str(n)) for n in range(5)]})
    step = Promql.model_validate({"at": "metrics", "query": "up", "limit": 2})

    answer = step.run(call(FakeResources(all_metrics={"metrics": metrics})))

    assert [row[-1] for row in answer.table.rows] == [4, 3]
    assert answer.table.cut


def test_a_series_that_is_not_a_number_is_shown_last_and_counts_for_nothing() -> None:
    metrics = FakeMetrics(vectors={"ratio": [sample(float("nan"), q="idle"), sample(0.2, q="busy")]})
    step = Promql.model_validate({"at": "metrics", "query": "ratio"})

    answer = step.run(call(FakeResources(all_metrics={"metrics": metrics})))

    assert answer.table.rows == (("busy", 0.2), ("idle", None))
    assert facts(answer)["max"] == 0.2


def test_an_extrapolated_count_is_rounded() -> None:
    metrics = FakeMetrics(vectors={"increase": [sample(2.8571)]})
    step = Promql.model_validate({"at": "metrics", "query": "increase", "value": "count"})

    answer = step.run(call(FakeResources(all_metrics={"metrics": metrics})))

    assert answer.table.rows == ((3,),)


def test_a_chart_asks_for_some_120_points_up_to_now() -> None:
    class Ranged(FakeMetrics):
        def range(self, query, *, start, end, step, timeout):  # type: ignore[no-untyped-def]  # the port has the types
            self.window = (start, end, step.total_seconds())
            return (Series(labels={}, points=((0.0, 1.0),)),)

    metrics = Ranged()
    step = Promql.model_validate({"at": "metrics", "query": "up", "chart": "3h"})

    answer = step.run(call(FakeResources(all_metrics={"metrics": metrics})))

    assert metrics.window == (NOW.replace(hour=9), NOW, 90)  # 3 h / 120
    assert len(answer.series) == 1


def test_the_numbers_stand_when_only_the_chart_fails() -> None:
    class NoRange(FakeMetrics):
        def range(self, query, *, start, end, step, timeout):  # type: ignore[no-untyped-def]  # the port has the types
            raise TimedOut("prometheus", 5)

    metrics = NoRange(vectors={"up": [sample(1)]})
    step = Promql.model_validate({"at": "metrics", "query": "up", "chart": "3h"})

    answer = step.run(call(FakeResources(all_metrics={"metrics": metrics})))

    assert answer.table.rows == ((1.0,),)
    assert answer.series == ()


def test_sql_shows_the_declared_columns_only_in_their_order() -> None:
    database = FakeReadDatabase(columns=("email", "n", "status"), rows=[("a@b.example", 3, "dead")])
    step = SqlRead.model_validate(
        {"at": "db", "query": "select * from t", "columns": {"status": "enum", "n": "count"}, "limit": 5}
    )

    answer = step.run(call(FakeResources(readers={"db": database})))

    assert answer.table.columns == (Column(name="status", shown=Shown.ENUM), Column(name="n", shown=Shown.COUNT))
    assert answer.table.rows == (("dead", 3),)


def test_sql_binds_values_lists_and_moments() -> None:
    database = FakeReadDatabase(columns=("n",))
    step = SqlRead.model_validate(
        {
            "at": "db",
            "query": "select n from t",
            "params": {"id": "params.id", "ids": "targets.ids", "since": 'incident.starts_at | minus("30m")'},
            "columns": {"n": "count"},
        }
    )

    step.run(
        call(
            FakeResources(readers={"db": database}),
            params={"id": "x'; drop"},
            targets={"ids": ["a", "b"]},
            incident={"starts_at": NOW},
        )
    )

    assert database.bound == [{"id": "x'; drop", "ids": ["a", "b"], "since": datetime(2026, 3, 1, 11, 30, tzinfo=UTC)}]


@pytest.mark.parametrize("value", [pytest.param({"a": 1}, id="a mapping"), pytest.param(["a", 1], id="a mixed list")])
def test_sql_refuses_to_bind_what_is_no_value(value: object) -> None:
    step = SqlRead.model_validate(
        {"at": "db", "query": "select 1 as n", "params": {"x": "params.x"}, "columns": {"n": "count"}}
    )

    with pytest.raises(ExpressionError, match=r"params\.x"):
        step.run(call(FakeResources(readers={"db": FakeReadDatabase()}), params={"x": value}))


def test_a_declared_column_that_the_query_does_not_give_is_an_error() -> None:
    step = SqlRead.model_validate({"at": "db", "query": "select 1 as m", "columns": {"n": "count"}})

    with pytest.raises(ExpressionError, match="no column n"):
        step.run(call(FakeResources(readers={"db": FakeReadDatabase(columns=("m",), rows=[(1,)])})))


def test_stripe_projects_the_declared_fields_of_an_object() -> None:
    stripe = FakeStripe({"/v1/invoices/in_1": {"id": "in_1", "amount_due": 1200, "customer_email": "a@b.example"}})
    step = StripeGet.model_validate(
        {
            "get": "/v1/invoices/{{ params.invoice }}",
            "show": {"id": {"path": "id", "as": "id"}, "amount": {"path": "amount_due", "as": "minor"}},
        }
    )

    answer = step.run(call(FakeResources(stripes={"stripe": stripe}), params={"invoice": "in_1"}))

    assert answer.table.rows == (("in_1", 1200),)


def test_stripe_lists_say_when_there_is_more() -> None:
    stripe = FakeStripe({"/v1/events": {"data": [{"id": "evt_1"}], "has_more": True}})
    step = StripeGet.model_validate(
        {"get": "/v1/events", "query": {"limit": 100}, "rows": "data", "show": {"id": {"path": "id", "as": "id"}}}
    )

    answer = step.run(call(FakeResources(stripes={"stripe": stripe})))

    assert answer.table.cut
    assert stripe.asked == [("/v1/events", {"limit": 100})]


def test_a_missing_id_never_turns_an_object_into_the_list_of_all() -> None:
    stripe = FakeStripe({"/v1/invoices/": {"data": []}})
    step = StripeGet.model_validate({"get": "/v1/invoices/{{ dead.id }}", "show": {"id": "id"}})

    with pytest.raises(ExpressionError, match="path segment"):
        step.run(call(FakeResources(stripes={"stripe": stripe}), dead={"id": None}))


def test_http_encodes_each_inserted_path_segment() -> None:
    host = FakeHttp({"GET /jobs/a%2F..%3Fx": ok({"state": "ready"})})
    step = HttpGet.model_validate({"at": "api", "get": "/jobs/{{ params.id }}", "show": {"state": "state"}})

    answer = step.run(call(FakeResources(hosts={"api": host}), params={"id": "a/..?x"}))

    assert facts(answer)["state"] == "ready"


def test_an_expected_503_is_an_answer() -> None:
    host = FakeHttp({"GET /health/ready": ok({"status": "degraded", "checks": {"database": False}}, status=503)})
    step = HttpGet.model_validate(
        {
            "at": "api",
            "get": "/health/ready",
            "expect": [200, 503],
            "show": {"status": {"path": "status", "as": "enum"}, "database": {"path": "checks.database", "as": "flag"}},
        }
    )

    answer = step.run(call(FakeResources(hosts={"api": host})))

    assert answer.status == 503
    assert answer.table.rows == (("degraded", False),)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(302, Refused, id="a redirect is not followed"),
        pytest.param(401, Refused, id="credentials"),
        pytest.param(404, Refused, id="no such object"),
        pytest.param(429, Unavailable, id="rate limit"),
        pytest.param(500, Unavailable, id="server error"),
    ],
)
def test_another_status_is_a_failure_with_the_hosts_short_masked_reason(
    status: int, error: type[Refused | Unavailable]
) -> None:
    host = FakeHttp({"GET /x": ok({"error": "no, says jane.doe@customer.example"}, status=status)})
    step = HttpGet.model_validate({"at": "api", "get": "/x", "show": {"a": "a"}})

    with pytest.raises(error, match=f"answered {status}: no, says") as caught:
        step.run(call(FakeResources(hosts={"api": host})))

    assert "jane.doe" not in str(caught.value)


def test_a_missing_route_is_told_from_a_missing_object() -> None:
    step = HttpGet.model_validate(
        {
            "at": "api",
            "get": "/v1/replay",
            "absent": {"status": 404, "when": "contains(message, 'Route')"},
            "show": {"a": "a"},
        }
    )
    lacking = FakeResources(hosts={"api": FakeHttp()})
    having = FakeResources(hosts={"api": FakeHttp({"GET /v1/replay": ok({"message": "no such event"}, status=404)})})
    not_json = FakeResources(
        hosts={"api": FakeHttp({"GET /v1/replay": HttpReply(status=404, body=None, request_id=None)})}
    )

    with pytest.raises(NotInstalled, match="/v1/replay"):
        step.run(call(lacking))
    with pytest.raises(Refused, match="no such event"):
        step.run(call(having))
    with pytest.raises(Refused):
        step.run(call(not_json))


def test_a_list_that_is_not_in_the_reply_is_not_an_empty_list() -> None:
    host = FakeHttp({"GET /events": ok({"items": None})})
    step = HttpGet.model_validate({"at": "mailgun", "get": "/events", "rows": "items", "show": {"id": "id"}})

    with pytest.raises(ExpressionError, match="no list at 'items'"):
        step.run(call(FakeResources(hosts={"mailgun": host})))


def test_a_reply_without_json_is_not_an_answer_when_fields_are_declared() -> None:
    host = FakeHttp({"GET /health": HttpReply(status=200, body=None, request_id=None)})
    step = HttpGet.model_validate({"at": "api", "get": "/health", "show": {"status": "status"}})

    with pytest.raises(ExpressionError, match="without JSON"):
        step.run(call(FakeResources(hosts={"api": host})))


def test_a_head_gives_its_status() -> None:
    host = FakeHttp({"HEAD /a.pdf": HttpReply(status=404, body=None, request_id=None)})
    step = HttpGet.model_validate({"at": "r2", "head": "/a.pdf", "expect": [200, 404]})

    answer = step.run(call(FakeResources(hosts={"r2": host})))

    assert facts(answer)["status_code"] == 404


def test_query_parameters_are_texts() -> None:
    host = FakeHttp({"GET /x": ok({})})
    step = HttpGet.model_validate(
        {"at": "api", "get": "/x", "query": {"detail": True, "n": 3, "since": "{{ incident.starts_at }}"}}
    )

    step.run(call(FakeResources(hosts={"api": host}), incident={"starts_at": NOW}))

    assert host.calls[0].query == {"detail": "true", "n": "3", "since": "2026-03-01T12:00:00Z"}


def test_a_resource_that_is_not_configured_says_which_variable() -> None:
    step = Promql.model_validate({"at": "metrics", "query": "up"})

    with pytest.raises(NotConnected, match="METRICS_URL"):
        step.run(call(FakeResources()))
