"""Every query of every dashboard, asked of the real Prometheus that scrapes the bot and the local world."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from bot.engine.check_dashboards import filled, metrics_of
from tests.kit.scene import Scene

DASHBOARDS = sorted((Path(__file__).parents[2] / "grafana/dashboards").glob("*.json"))
PATIENCE = 60.0

# Dashboard, panel: why there may be no series in a world where all goes as it should.
MAY_BE_EMPTY: Mapping[tuple[str, str], str] = {
    ("bot", "Methods left alone"): "the local Slack never asks the bot to wait",
    ("bot", "Messages that Slack did not take"): "the local Slack takes every message",
    ("stripemeter", "Units not pushed yet"): "the local writer pushes every unit within seconds",
    ("bot", "Failed checks"): "a check counts its first failure with its first failure",
    ("bot", "Resumptions by state"): "nothing is stopped in the middle",
}


def queries() -> Iterator[tuple[str, str, str]]:
    """Dashboard, panel and each query as Grafana would send it, also those of the marks."""
    for file in DASHBOARDS:
        board = json.loads(file.read_text())
        variables = frozenset(each["name"] for each in board["templating"]["list"])
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield file.stem, panel["title"], _sent(target["expr"], variables)
        for mark in board["annotations"]["list"]:
            yield file.stem, mark["name"], _sent(mark["target"]["expr"], variables)


def _sent(expr: str, variables: frozenset[str]) -> str:
    query = filled(expr, variables).replace("[5m]", "[1m]")  # $__rate_interval of a short scrape interval
    assert "$" not in query, f"left over in {query}"
    return query


def test_every_query_has_an_answer_and_every_metric_is_exported(catalogue_scene: Scene) -> None:
    """After the catalogue, which has broken everything that the dashboards count."""
    for scenario in ("dead-letter-webhooks", "usage-drift", "downgrade-wave"):  # these have scenarios of their own
        catalogue_scene.world.start(scenario)
    asked = list(queries())
    address = f"http://{catalogue_scene.stage.addresses.prometheus}/api/v1"
    deadline = time.monotonic() + PATIENCE

    with httpx.Client(base_url=address, timeout=20, trust_env=False) as prometheus:
        empty = _empty(prometheus, asked)
        while empty - MAY_BE_EMPTY.keys() and time.monotonic() < deadline:
            time.sleep(1)
            empty = _empty(prometheus, [each for each in asked if each[:2] in empty])
        exported = {str(name) for name in prometheus.get("/label/__name__/values").json()["data"]}

    assert sorted(empty - MAY_BE_EMPTY.keys()) == []
    # Of two vocabularies a host exports one, so of each query it is enough that something in it is there.
    unknown = [
        each
        for each in asked
        if each[:2] not in MAY_BE_EMPTY and "__name__" not in each[2] and not metrics_of(each[2]) & exported
    ]
    assert unknown == []


def _empty(prometheus: httpx.Client, asked: list[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """The panels that have no series at any moment of the last quarter of an hour."""
    now = time.time()
    found: dict[tuple[str, str], int] = {}
    for board, panel, query in asked:
        window = {"query": query, "start": now - 900, "end": now, "step": "5"}
        answer: dict[str, Any] = prometheus.post("/query_range", data=window).json()
        assert answer["status"] == "success", f"{board}, {panel}: {answer.get('error')}: {query}"
        found[(board, panel)] = found.get((board, panel), 0) + len(answer["data"]["result"])
    return {key for key, series in found.items() if not series}
