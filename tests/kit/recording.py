"""Records what a real Alertmanager sends, for tests/data/alertmanager: `python -m tests.kit.recording [FOLDER]`.

Alerts are put in by Alertmanager's API as Prometheus does it; what its webhooks bring is written down with the
headers they came with. Two Alertmanagers get the same alerts, as in a cluster that has lost its gossip.
"""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.kit.waiting import eventually

_CONFIG = """
route:
  receiver: bot
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - {{receiver: audit, matchers: ['severity="critical"'], continue: true}}
    - {{receiver: bot, matchers: ['team="billing"']}}
receivers:
  - name: bot
    webhook_configs: [{{url: '{bot}', http_config: {{authorization: {{credentials: example-token}}}}}}]
  - name: audit
    webhook_configs: [{{url: '{audit}', http_config: {{basic_auth: {{username: am, password: example-token}}}}}}]
"""
_PERIOD = "2026-11-01"
DRIFT: Mapping[str, str] = {
    "alertname": "ReconciliationDriftPctHigh",
    "system": "stripemeter",
    "team": "billing",
    "severity": "warning",
    "ops_event": "stripemeter.reconciliation.drift",
    "period": _PERIOD,
}
DEAD: Mapping[str, str] = {
    "alertname": "AccrueWebhookDeadLettered",
    "system": "accrue",
    "team": "billing",
    "severity": "critical",
    "ops_event": "accrue.ops.webhook_dlq.dead_lettered",
}


class Recorder:
    """Keeps each request that comes, in order."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, object]]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {**self.headers, "Host": "127.0.0.1:8080"}
                recorder.requests.append((self.path, {"request_headers": headers, "body": body}))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - http.server's signature

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def next(self, path: str, count: int = 1) -> list[dict[str, object]]:
        """The next so many requests to the path, removed."""
        if not eventually(lambda: sum(each[0] == path for each in self.requests) >= count):
            sys.exit(f"{count} requests to {path} did not come")
        found = [each for each in self.requests if each[0] == path][:count]
        for each in found:
            self.requests.remove(each)
        return [request for _, request in found]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def alertmanager(*, bot: str, audit: str) -> Iterator[httpx.Client]:
    """A real one, and a client of its API. It posts to `bot` with a bearer token, critical ones first to `audit` with
    a basic password."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        sys.exit("install prometheus-alertmanager")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "alertmanager.yml"
        config.write_text(_CONFIG.format(bot=bot, audit=audit))
        process = subprocess.Popen(
            [
                program,
                f"--config.file={config}",
                f"--storage.path={folder}/data",
                f"--web.listen-address={address}",
                "--web.external-url=http://alertmanager.example:9093",
                "--cluster.listen-address=",
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            with httpx.Client(base_url=f"http://{address}") as client:
                if not eventually(lambda: _is_ready(client)):
                    sys.exit("Alertmanager did not start")
                yield client
        finally:
            process.terminate()
            process.wait(timeout=10)


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.TransportError:
        return False


def put(
    clients: Sequence[httpx.Client],
    *alerts: Mapping[str, str],
    summary: str,
    started: datetime,
    ended: datetime | None = None,
) -> None:
    """As Prometheus does: an alert that fires ends some minutes from now unless it is sent again."""
    body = [
        {
            "labels": labels,
            "annotations": {"summary": summary},
            "startsAt": started.isoformat(),
            "endsAt": (ended or datetime.now(UTC) + timedelta(minutes=4)).isoformat(),
            "generatorURL": "http://prometheus.example:9090/graph",
        }
        for labels in alerts
    ]
    for client in clients:
        client.post("/api/v2/alerts", json=body).raise_for_status()


def record(folder: Path) -> None:
    """Play the scenes and write what came of them."""
    recorder = Recorder()
    with ExitStack() as stack:
        stack.callback(recorder.stop)
        one, other = (
            stack.enter_context(alertmanager(bot=f"{recorder.url}/bot", audit=f"{recorder.url}/audit"))
            for _ in range(2)
        )
        tenants = [
            {**DRIFT, "tenant": f"0b8f0c1e-7d6a-4c56-9d3a-5f1c2e9a770{n}", "subscription_item": f"si_Drift{n}"}
            for n in (1, 2)
        ]
        began = datetime.now(UTC)
        put([one], *tenants, summary="Usage drift", started=began)
        _keep(folder, "tenants_firing", recorder.next("/bot"))
        put([one], tenants[0], summary="Usage drift", started=began, ended=datetime.now(UTC))
        _keep(folder, "tenants_one_resolved", recorder.next("/bot"))
        put([one], tenants[1], summary="Usage drift", started=began, ended=datetime.now(UTC))
        _keep(folder, "tenants_resolved", recorder.next("/bot"))
        put([one], tenants[0], summary="Usage drift", started=datetime.now(UTC))
        _keep(folder, "tenants_firing_again", recorder.next("/bot"))

        began = datetime.now(UTC)
        put([one, other], DEAD, summary="Accrue gave up on webhooks", started=began)
        _keep(folder, "ha_firing", recorder.next("/bot", 2), numbered=True)
        _keep(folder, "continued_firing", recorder.next("/audit", 2)[:1])
        put([one, other], DEAD, summary="Accrue gave up on webhooks", started=began, ended=datetime.now(UTC))
        _keep(folder, "ha_resolved", recorder.next("/bot", 2), numbered=True)
        _keep(folder, "continued_resolved", recorder.next("/audit", 2)[:1])


def _keep(folder: Path, name: str, requests: Sequence[dict[str, object]], *, numbered: bool = False) -> None:
    for number, request in enumerate(requests, start=1):
        path = folder / (f"{name}_{number}.json" if numbered else f"{name}.json")
        path.write_text(json.dumps(request, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    start = time.monotonic()
    record(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("tests/data/alertmanager"))
    print(f"recorded in {time.monotonic() - start:.1f} s")
