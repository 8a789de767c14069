"""The scenarios move the hosts' metrics enough: a real Prometheus scrapes them and the real expressions hold."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.kit.loopback import loopback
from tests.kit.waiting import eventually
from tests.kit.world import RunningWorld

PAGES = {
    "accrue": "/hosts/accrue/metrics",
    "accrue-sql": "/hosts/accrue/exporter/metrics",
    "stripemeter-api": "/hosts/stripemeter/metrics",
    "stripemeter-workers": "/hosts/stripemeter-worker/metrics",
    "adventive": "/hosts/adventive/metrics",
    "payments-svc": "/hosts/aivo/payments/internal/metrics",
}
DEAD = "accrue_ops_webhook_dlq_dead_lettered_count"
EXPRESSIONS = {
    "dead-letter-webhooks": f"({DEAD} unless {DEAD} offset 10m) > 0 or increase({DEAD}[10m]) > 0",
    "usage-drift": "max_over_time(reconciliation_diff_pct[15m]) > 0.005",
    "suppress-invoice-email": "increase(adventive_mailgun_failed_total[30m]) > 0",
    "downgrade-wave": 'sum(increase(billing_dunning_events_total{stage="day7_downgrade"}[1d])) > 50',
}


@pytest.fixture
def prometheus(world: RunningWorld, tmp_path: Path) -> Iterator[str]:
    """The query address of a Prometheus that scrapes the world every second."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (Debian: apt-get install prometheus)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    target = [{"targets": [world.base.removeprefix("http://")]}]
    jobs = [{"job_name": name, "metrics_path": path, "static_configs": target} for name, path in PAGES.items()]
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
    places = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address={address}"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen([program, *places], stdout=log, stderr=log) as process:
        try:
            yield f"http://{address}/api/v1/query"
        finally:
            process.terminate()


def holds(prometheus: str, expression: str) -> bool:
    try:
        answer = loopback.post(prometheus, data={"query": expression}, timeout=5).raise_for_status().json()
    except httpx.HTTPError:  # it is still starting
        return False
    return bool(answer["data"]["result"])


def test_in_peace_no_alert_expression_holds_and_after_its_scenario_each_does(
    world: RunningWorld, prometheus: str
) -> None:
    assert eventually(lambda: holds(prometheus, f"count(up == 1) == {len(PAGES)}"))
    assert not any(holds(prometheus, expression) for expression in EXPRESSIONS.values())

    for scenario in EXPRESSIONS:
        world.start(scenario)

    for scenario, expression in EXPRESSIONS.items():
        assert eventually(partial(holds, prometheus, expression)), scenario
