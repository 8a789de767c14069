"""docs/alertmanager.yml, held by Alertmanager's own tools and by Alertmanager itself."""

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bot.core.matching import Matcher
from tests.kit.loopback import loopback
from tests.kit.waiting import eventually

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/alertmanager.yml"
TOKEN = "planted-webhook-token"

pytestmark = pytest.mark.skipif(shutil.which("amtool") is None, reason="needs Alertmanager")


def alerts() -> list[Mapping[str, str]]:
    """Each alert of alerts.yml with the labels it is sure to carry."""
    groups = yaml.safe_load((ROOT / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return [{"alertname": rule["alert"], **rule["labels"]} for rule in rules]


def pairs() -> list[tuple[Mapping[str, str], Mapping[str, str]]]:
    """The alerts of one event that come in two severities, the higher one first, and two that have one each."""
    order = {"critical": 2, "warning": 1, "info": 0}
    of_one_event = [
        (high, low)
        for high, low in permutations(alerts(), 2)
        if (high["system"], high["ops_event"]) == (low["system"], low["ops_event"])
        and order[high["severity"]] > order[low["severity"]]
    ]
    by_name = {alert["alertname"]: alert for alert in alerts()}
    named = [
        ("AivoSubscriptionsOutOfSyncMany", "AivoSubscriptionOutOfSync"),
        ("AccrueDunningExhaustion", "AccrueDunningExhausted"),
        ("ReconciliationDriftPctHigh", "ReconciliationDriftAbsHigh"),
    ]
    return of_one_event + [(by_name[high], by_name[low]) for high, low in named if {high, low} <= by_name.keys()]


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["amtool", *arguments], capture_output=True, text=True, check=False)


def test_amtool_accepts_it() -> None:
    checked = amtool("check-config", str(EXAMPLE))

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("labels", alerts(), ids=lambda labels: labels["alertname"])
def test_every_alert_reaches_the_bot_by_the_route_of_its_system(labels: Mapping[str, str]) -> None:
    routed = amtool(
        "config", "routes", "test", f"--config.file={EXAMPLE}", "--verify.receivers=countersign", "--tree",
        *(f"{name}={value}" for name, value in labels.items()),
    )  # fmt: skip

    assert routed.returncode == 0, routed.stdout + routed.stderr
    assert f'system="{labels["system"]}"' in routed.stdout or labels["system"] == "countersign"


def test_an_alert_of_somebody_else_does_not() -> None:
    routed = amtool("config", "routes", "test", f"--config.file={EXAMPLE}", "alertname=DiskFull", "team=storage")

    assert routed.stdout.strip() == "others"


def test_no_critical_alert_hides_a_warning_of_another_event() -> None:
    """By the rules as written, over labels that an alert is sure to carry."""
    rules = yaml.safe_load(EXAMPLE.read_text())["inhibit_rules"]
    expected = {(high["alertname"], low["alertname"]) for high, low in pairs()}

    hidden = {
        (high["alertname"], low["alertname"])
        for rule in rules
        for high, low in permutations(alerts(), 2)
        if _all(rule["source_matchers"], high)
        and _all(rule["target_matchers"], low)
        and all(high.get(name) == low.get(name) for name in rule["equal"])
    }

    assert hidden == expected
    assert len(expected) >= 4


def _all(matchers: list[str], labels: Mapping[str, str]) -> bool:
    return all(Matcher(each).matches(labels) for each in matchers)


class _Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent, and by whose authority."""

    kept: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.kept.append((self.headers.get("Authorization", ""), json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiver() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    kept: list[tuple[str, dict[str, Any]]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Kept", (_Receiver,), {"kept": kept}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alertmanager", kept
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def alertmanager(folder: Path, webhook: str) -> Iterator[str]:
    """One with the example's configuration, but its address, its token's file, and in a hurry."""
    token = folder / "token"
    token.write_text(TOKEN)
    text = EXAMPLE.read_text().replace("/etc/alertmanager/countersign-token", str(token))
    text = text.replace("http://countersign.internal:8080/alertmanager", webhook).replace(
        "group_wait: 15s", "group_wait: 1s"
    )
    config = folder / "alertmanager.yml"
    config.write_text(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    places = [f"--config.file={config}", f"--storage.path={folder / 'data'}", f"--web.listen-address={address}"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            ["prometheus-alertmanager", *places, "--cluster.listen-address="], stdout=log, stderr=log
        ) as process,
    ):
        try:
            assert eventually(lambda: _is_ready(address))
            yield f"http://{address}"
        finally:
            process.terminate()


def told(kept: list[tuple[str, dict[str, Any]]]) -> set[str]:
    """The names of the alerts that were sent."""
    return {alert["labels"]["alertname"] for _, body in kept for alert in body["alerts"]}


def _is_ready(address: str) -> bool:
    try:
        return loopback.get(f"http://{address}/-/ready", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.skipif(shutil.which("prometheus-alertmanager") is None, reason="needs Alertmanager")
def test_the_higher_severity_is_told_with_the_token_and_the_lower_is_held_back(tmp_path: Path) -> None:
    high, low = next((high, low) for high, low in pairs() if high["ops_event"] == "aivo.dunning.downgrades")
    [drift] = [alert for alert in alerts() if alert["alertname"] == "ReconciliationDriftPctHigh"]
    elsewhere = {**drift, "severity": "warning", "tenant": "b"}  # of another tenant than the critical one
    fired = [high, low, {**drift, "tenant": "a"}, elsewhere]

    with receiver() as (webhook, kept), alertmanager(tmp_path, webhook) as address:
        loopback.post(f"{address}/api/v2/alerts", json=[{"labels": labels} for labels in fired])
        assert eventually(lambda: {high["alertname"], drift["alertname"]} <= told(kept))
        listed = loopback.get(f"{address}/api/v2/alerts").json()

    held_back = [each["labels"] for each in listed if each["status"]["inhibitedBy"]]
    assert held_back == [low]
    assert low["alertname"] not in told(kept)
    assert {tenant for _, body in kept for alert in body["alerts"] if (tenant := alert["labels"].get("tenant"))} == {
        "a",
        "b",
    }
    assert {authority for authority, _ in kept} == {f"Bearer {TOKEN}"}
