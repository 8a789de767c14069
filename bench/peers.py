"""What bench.deliver compares: one Alertmanager that tells its own Slack receiver and the bot, each in a workspace."""

import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from bench.processes import answering
from bench.robusta import robusta
from tests.kit.workspace import RunningWorkspace, running_workspace

_ROOT = Path(__file__).parent.parent
_TOKEN = "bench-webhook-token"
CHANNEL, CHANNEL_ID = "#billing-oncall", "C0ONCALL"

_SYSTEM = {
    "system": "bench",
    "title": "Bench",
    "match": ['system="bench"'],
    "channel": CHANNEL,
    "approvers": {"oncall": {"users": ["U0ANA"]}},
    "resources": {"host": {"http": "env:BENCH_HOST_URL"}},
    "rules": [{"event": "bench.alert.fired", "runbook": "bench/alert"}],
}
_RUNBOOK = {
    "title": "An alert of the bench",
    "diagnose": [{"id": "ready", "http": {"at": "host", "get": "/ready", "show": {"status": "status"}}}],
    "conclude": [{"when": 'ready.status == "ok"', "say": "It is ready."}],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """The bot's files: one system, its runbooks by name, and the host that their questions are asked of."""

    system: Mapping[str, object]
    runbooks: Mapping[str, Mapping[str, object]]
    host: str | None = None


_BENCH = Content(system=_SYSTEM, runbooks={"bench/alert": _RUNBOOK})


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """One who tells Slack about alerts, and the workspace where it does."""

    name: str
    workspace: RunningWorkspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """Everybody, told the same by one Alertmanager."""

    alertmanager: str
    peers: Sequence[Peer]
    bot: str

    def fire(self, alerts: Sequence[Mapping[str, object]]) -> None:
        httpx.post(f"{self.alertmanager}/api/v2/alerts", json=list(alerts), timeout=30).raise_for_status()


@contextmanager
def field(
    folder: Path, *, with_robusta: bool, content: Content = _BENCH, is_limited: bool = True, patience: str = "0s"
) -> Iterator[Field]:
    """Processes and workspaces on loopback until the block ends; the workspaces enforce Slack's rate limits."""
    with ExitStack() as stack:
        ours = stack.enter_context(running_workspace())
        theirs = stack.enter_context(running_workspace())
        peers = [Peer(name="countersign", workspace=ours), Peer(name="alertmanager", workspace=theirs)]
        address = _free()
        bot = stack.enter_context(_bot(folder, ours, content, alertmanager=address))
        other: str | None = None
        if with_robusta:
            room = stack.enter_context(running_workspace())
            other = stack.enter_context(robusta(folder, room, channel=CHANNEL_ID))
            peers.append(Peer(name="robusta", workspace=room))
        for each in peers:
            each.workspace.control.limit_rates(on=is_limited)
        alertmanager = stack.enter_context(
            _alertmanager(folder, address, bot=bot, slack=theirs, robusta=other, patience=patience)
        )
        yield Field(alertmanager=alertmanager, peers=peers, bot=bot)


@contextmanager
def _bot(folder: Path, workspace: RunningWorkspace, content: Content, *, alertmanager: str) -> Iterator[str]:
    rules, runbooks = folder / "rules", folder / "runbooks"
    rules.mkdir()
    (rules / f"{content.system['system']}.yml").write_text(yaml.safe_dump(content.system))
    for name, runbook in content.runbooks.items():
        path = runbooks / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(runbook))
    address = _free()
    environ = {
        "PATH": os.environ["PATH"],
        "COUNTERSIGN_DATABASE_URL": f"sqlite:///{folder}/bench.db",
        "COUNTERSIGN_LISTEN": address,
        "COUNTERSIGN_WEBHOOK_TOKEN": _TOKEN,
        "COUNTERSIGN_RULES": str(rules),
        "COUNTERSIGN_RUNBOOKS": str(runbooks),
        "ALERTMANAGER_URL": f"http://{alertmanager}",
        "SLACK_BOT_TOKEN": workspace.config.bot_token,
        "SLACK_SIGNING_SECRET": workspace.config.signing_secret,
        "SLACK_API_URL": workspace.api,
    }
    if content.host is not None:
        environ["BENCH_HOST_URL"] = content.host
    command = [sys.executable, "-m", "bot", "serve"]
    with answering(command, folder / "bot.log", f"http://{address}/healthz", environ=environ, cwd=_ROOT):
        yield f"http://{address}"


@contextmanager
def _alertmanager(
    folder: Path, address: str, *, bot: str, slack: RunningWorkspace, robusta: str | None, patience: str
) -> Iterator[str]:
    """Each alert's `batch` is a group; all receivers are told after the `patience`, and of every change."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        sys.exit("install prometheus-alertmanager")
    said = "{{ range .Alerts }}{{ .Annotations.description }}\n{{ end }}"
    receivers: list[Mapping[str, object]] = [
        {
            "name": "bot",
            "webhook_configs": [
                {"url": f"{bot}/alertmanager", "http_config": {"authorization": {"credentials": _TOKEN}}}
            ],
        },
        {
            "name": "slack",
            "slack_configs": [
                {
                    "api_url": f"{slack.api}chat.postMessage",
                    "http_config": {"authorization": {"credentials": slack.config.bot_token}},
                    "channel": CHANNEL,
                    "send_resolved": True,
                    "username": "",
                    "icon_emoji": "",
                    "title": "{{ .Status | toUpper }} {{ .GroupLabels.batch }}",
                    "text": said,
                }
            ],
        },
    ]
    if robusta is not None:
        receivers.append({"name": "robusta", "webhook_configs": [{"url": f"{robusta}/api/alerts"}]})
    route = {
        "receiver": "bot",
        "group_by": ["batch"],
        "group_wait": patience,
        "group_interval": "1s",
        "repeat_interval": "4h",
        "routes": [{"receiver": each["name"], "continue": True} for each in receivers],
    }
    config = folder / "alertmanager.yml"
    config.write_text(json.dumps({"route": route, "receivers": receivers}))
    command = [
        program,
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    ]
    with answering(command, folder / "alertmanager.log", f"http://{address}/-/ready", cwd=_ROOT):
        yield f"http://{address}"


def _free() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
