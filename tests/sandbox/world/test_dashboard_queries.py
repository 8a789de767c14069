"""What the dashboards ask of the billing systems, asked of a real Prometheus that scrapes the local hosts."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from bot.engine.check_dashboards import filled, metrics_of
from tests.kit.loopback import loopback
from tests.kit.waiting import eventually
from tests.kit.world import RunningWorld
from tests.sandbox.world.test_alert_expressions import PAGES, holds, prometheus

__all__ = ["prometheus"]

DASHBOARDS = sorted((Path(__file__).parents[3] / "grafana/dashboards").glob("*.json"))
BREAKS = (
    "dead-letter-webhooks", "usage-drift", "suppress-invoice-email", "downgrade-wave", "webhook-errors",
    "webhook-signatures", "invoices-failing", "entitlements-mismatch", "refused-keys", "slow-ingest", "exhaust-dunning",
    "server-errors",
)  # fmt: skip


def queries() -> Iterator[tuple[str, str, str]]:
    """Dashboard, panel and each query as Grafana would send it, but those about the bot itself."""
    for file in DASHBOARDS:
        board = json.loads(file.read_text())
        variables = frozenset(each["name"] for each in board["templating"]["list"])
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                query = filled(target["expr"], variables)
                assert "$" not in query, f"left over in {query}"
                if not any(name.startswith(("countersign_", "process_", "ALERTS")) for name in metrics_of(query)):
                    yield file.stem, panel["title"], query.replace("[5m]", "[1m]")


def test_every_query_about_a_billing_system_has_an_answer(world: RunningWorld, prometheus: str) -> None:
    assert eventually(lambda: holds(prometheus, f"count(up == 1) == {len(PAGES)}"), within=60)
    for scenario in BREAKS:
        world.start(scenario)
    asked = list(queries())

    def silent() -> set[tuple[str, str]]:
        return {each[:2] for each in asked if not _answered(prometheus, each[2])}

    assert eventually(lambda: not silent()), sorted(silent())
    assert len(asked) > 40


def _answered(prometheus: str, query: str) -> bool:
    """Whether there was a series at any moment of the last minutes."""
    now = time.time()
    window = {"query": query, "start": now - 300, "end": now, "step": "5"}
    answer = loopback.post(prometheus.replace("/query", "/query_range"), data=window, timeout=20).json()
    assert answer["status"] == "success", f"{query}: {answer.get('error')}"
    return bool(answer["data"]["result"])
