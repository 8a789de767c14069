"""What `countersign check` says of a dashboard: one test for each mistake, and none for a good one."""

import json
from typing import Any

import pytest

from bot.engine.check_dashboards import dashboards, filled, metrics_of

KNOWN = frozenset({"drift_ratio", "runs_total"})


def board(**changes: Any) -> dict[str, Any]:
    """A good one."""
    source = {"type": "prometheus", "uid": "${datasource}"}
    panel = {
        "id": 2, "type": "timeseries", "title": "Drift", "description": "How far apart.", "datasource": source,
        "targets": [{"refId": "A", "datasource": source, "expr": 'max(drift_ratio{system=~"$system"})'}],
        "fieldConfig": {"defaults": {"unit": "percentunit"}},
    }  # fmt: skip
    return {
        "uid": "money", "title": "Money", "description": "Where it is.", "schemaVersion": 41,
        "templating": {"list": [{"name": "datasource", "type": "datasource"}, {"name": "system", "type": "query"}]},
        "annotations": {"list": [{"name": "Alerts", "datasource": source, "target": {"expr": "ALERTS"}}]},
        "panels": [{"id": 1, "type": "row", "title": "Drift", "panels": []}, {**panel, **changes}],
    }  # fmt: skip


def said(document: object) -> list[str]:
    found = dashboards({"grafana/dashboards/x.json": json.dumps(document, indent=1)}, known=KNOWN)
    return [str(finding) for finding in found]


def asking(expr: str) -> dict[str, Any]:
    return board(targets=[{"refId": "A", "datasource": {"uid": "${datasource}"}, "expr": expr}])


def test_nothing_is_said_of_a_good_one() -> None:
    assert said(board()) == []
    assert said(asking("rate(runs_total[$__rate_interval]) / ignoring(x) up{a='${system:regex}'}")) == []


@pytest.mark.parametrize(
    ("document", "what"),
    [
        pytest.param(board(title=""), "panel 2 has no title", id="no title"),
        pytest.param(board(description=""), "Drift has no description", id="no description"),
        pytest.param(board(fieldConfig={"defaults": {}}), "Drift has no unit", id="no unit"),
        pytest.param(board(targets=[]), "Drift asks nothing", id="no query"),
        pytest.param(board(id=1), "another panel has id 1 already", id="the same id"),
        pytest.param(
            board(datasource={"uid": "P1809F7CD0C75ACF3"}), "datasource is P1809F7CD0C75ACF3", id="a fixed uid"
        ),
        pytest.param(
            asking("max(drift_ration)"), "nothing exports drift_ration; did you mean drift_ratio?", id="no metric"
        ),
        pytest.param(asking("max(drift_ratio"), "not PromQL", id="no PromQL"),
        pytest.param(asking("rate(drift_ratio)"), "not PromQL", id="an instant vector where a range is wanted"),
        pytest.param(
            asking("drift_ratio{tenant='$tenant'}"), "$tenant is no variable of this dashboard", id="no variable"
        ),
        pytest.param(asking(""), "a query without an expression", id="an empty query"),
        pytest.param({**board(), "schemaVersion": 39}, "schemaVersion is 41 or newer", id="an old schema"),
        pytest.param({**board(), "uid": ""}, "it has no uid", id="no uid"),
        pytest.param(
            {**board(), "templating": {"list": []}}, "no variable of type datasource", id="no source variable"
        ),
        pytest.param(
            {**board(), "annotations": {"list": [{"target": {"expr": "ALERTS"}}]}}, "datasource is None", id="a mark"
        ),
    ],
)
def test_a_mistake_is_found_where_it_is(document: object, what: str) -> None:
    found = said(document)

    assert any(what in each for each in found), found
    assert all(each.startswith("grafana/dashboards/x.json:") for each in found)


def test_a_panel_of_a_collapsed_row_is_looked_at_too() -> None:
    document = board()
    document["panels"] = [
        {"id": 1, "type": "row", "title": "Drift", "panels": [{**document["panels"][1], "title": ""}]}
    ]

    assert any("panel 2 has no title" in each for each in said(document))


def test_what_is_no_json_is_told_with_its_line() -> None:
    [finding] = dashboards({"x.json": '{"uid": "x",\n "title": : 1}'}, known=KNOWN)

    assert (finding.file, finding.line) == ("x.json", 2)


def test_metrics_are_found_wherever_they_stand() -> None:
    query = (
        "sum by (x) ((a unless b offset 1h) or increase(c_total{d='e'}[1h])) > on() group_left scalar(f) + topk(2, g)"
    )

    assert metrics_of(query) == {"a", "b", "c_total", "f", "g"}
    assert metrics_of('{__name__=~"accrue_ops_.+"}') == frozenset()


def test_only_known_variables_are_filled_in() -> None:
    assert filled("x[$__rate_interval] $a ${b:csv} $c", frozenset({"a", "b"})) == "x[5m] x x $c"
