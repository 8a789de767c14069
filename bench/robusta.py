"""Robusta as a peer of bench.deliver: its runner in an environment of its own, with a tiny fake of Kubernetes' API.

It is not a dependency of ours: `--robusta` installs it (robusta-api of PyPI, a few hundred megabytes) into a folder
that is kept between runs. Its shipped playbooks are not on PyPI, so a playbook of a few lines sends each alert on,
with its labels as a table, as the shipped one for all alerts does.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import yaml

from bench.processes import answering
from tests.kit.workspace import RunningWorkspace

_PACKAGES = ("robusta-api[all]==0.53.0", "cachetools")
_KEPT = Path.home() / ".cache" / "countersign-bench" / "robusta"
_PLAYBOOK = """
from robusta.api import MarkdownBlock, PrometheusKubernetesAlert, SlackAnnotations, TableBlock, action
from robusta.core.reporting.blocks import TableBlockFormat


@action
def say(event: PrometheusKubernetesAlert):
    event.add_enrichment([MarkdownBlock(event.get_description() or event.get_title())])
    labels = [[name, value] for name, value in event.alert.labels.items()]
    table = TableBlock(labels, ["label", "value"], table_format=TableBlockFormat.vertical, table_name="*Alert labels*")
    event.add_enrichment([table], annotations={SlackAnnotations.ATTACHMENT: True})
"""


class _Kubernetes(BaseHTTPRequestHandler):
    """A cluster without anything in it."""

    def do_GET(self) -> None:
        *_, before, last = self.path.partition("?")[0].split("/")
        if before == "configmaps":  # it keeps the states of its scheduled jobs in one
            self._answer({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": last}, "data": {}})
            return
        kind = last.rstrip("s").capitalize()
        self._answer({"kind": f"{kind}List", "apiVersion": "v1", "metadata": {}, "items": []})

    def do_PUT(self) -> None:
        """What is written is taken, and forgotten."""
        self._answer(json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or "{}"))

    do_POST = do_PATCH = do_PUT  # noqa: N815

    def _answer(self, said: object) -> None:
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server has
        """Nobody reads it."""


@contextmanager
def robusta(folder: Path, workspace: RunningWorkspace, *, channel: str) -> Iterator[str]:
    """The address of its runner, whose `/api/alerts` Alertmanager posts to."""
    python = _installed()
    home = folder / "robusta"
    _write(home, workspace, channel=channel)
    kubernetes = ThreadingHTTPServer(("127.0.0.1", 0), _Kubernetes)
    Thread(target=kubernetes.serve_forever, daemon=True).start()
    kubeconfig = home / "kubeconfig"
    kubeconfig.write_text(json.dumps(_kubeconfig(kubernetes.server_port)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "KUBECONFIG": str(kubeconfig),
        "PYTHONPATH": str(home / "playbooks"),
        "DEFAULT_PLAYBOOKS_ROOT": str(home / "playbooks"),
        "PLAYBOOKS_ROOT": str(home),
        "PLAYBOOKS_CONFIG_FILE_PATH": str(home / "config" / "active_playbooks.yaml"),  # a folder that it watches
        "SLACK_FORWARD_URL": workspace.api,
        "ENABLE_TELEMETRY": "false",
        "RUNNER_BIND_ADDR": "127.0.0.1",
        "PORT": str(port),
    }
    command = [str(python), "-m", "robusta.runner.main"]
    url = f"http://127.0.0.1:{port}"
    try:
        with answering(command, folder / "robusta.log", f"{url}/healthz", environ=environ, cwd=home):
            yield url
    finally:
        kubernetes.shutdown()
        _end_what_is_left(home)


def _end_what_is_left(home: Path) -> None:
    """Its runner starts a process in a group of its own, and leaves it behind; it is known by its environment."""
    mark = f"PLAYBOOKS_ROOT={home}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in environ.read_bytes().split(b"\0"):
                os.kill(int(environ.parent.name), signal.SIGKILL)


def _installed() -> Path:
    python = _KEPT / "bin" / "python"
    if not (_KEPT / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(_KEPT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *_PACKAGES], check=True)
        (_KEPT / "complete").touch()
    return python


def _write(home: Path, workspace: RunningWorkspace, *, channel: str) -> None:
    package = home / "playbooks" / "bench_playbooks"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "say.py").write_text(_PLAYBOOK)
    (home / "playbooks" / "pyproject.toml").write_text('[tool.poetry]\nname = "bench_playbooks"\n')
    config = {
        "global_config": {"cluster_name": "bench", "account_id": "bench", "signing_key": "bench"},
        "sinks_config": [
            {
                "slack_sink": {
                    "name": "slack",
                    "slack_channel": channel,
                    "api_key": workspace.config.bot_token,
                }
            }
        ],
        "playbook_repos": {},
        "active_playbooks": [{"triggers": [{"on_prometheus_alert": {"status": "all"}}], "actions": [{"say": {}}]}],
    }
    (home / "config").mkdir()
    (home / "config" / "active_playbooks.yaml").write_text(yaml.safe_dump(config))


def _kubeconfig(port: int) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "bench",
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        "clusters": [{"name": "bench", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "bench", "user": {"token": "bench"}}],
    }
