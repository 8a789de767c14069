"""Everything that the demonstration needs, up and running: the local world, the bot, Prometheus and Alertmanager."""

import os
import secrets
import shlex
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType

import httpx

from bot.core.errors import SettingsError
from bot.demo import monitoring
from bot.demo.children import Child, Children
from bot.demo.ports import Ports
from bot.demo.stripe_program import write_release, write_stripe, write_sync

_LONGEST_WINDOW = timedelta(minutes=2)  # long enough to read a thread and have it approved before the alert ends
_PATIENCE = 120  # seconds for a part to come up, on a machine that is busy with something else
_WORLD_SEED = "7"  # invented rows and ids are the same every time, so recorded webhooks name ones that exist
_SCRAPES = {
    "accrue": "/hosts/accrue/metrics",
    "stripemeter-api": "/hosts/stripemeter/metrics",
    "stripemeter-workers": "/hosts/stripemeter-worker/metrics",
    "stripemeter-ready": "/hosts/stripemeter/exporter/metrics",
    "adventive-billing-health": "/hosts/adventive/metrics",
    "payments-svc": "/hosts/aivo/payments/internal/metrics",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """host:port of each part."""

    bot: str
    world: str
    prometheus: str
    alertmanager: str

    @classmethod
    def pick(cls, ports: Ports) -> "Addresses":
        bot, world, prometheus, alertmanager = (f"127.0.0.1:{ports.pick(each)}" for each in (8080, 8090, 9090, 9093))
        return cls(bot=bot, world=world, prometheus=prometheus, alertmanager=alertmanager)


class Stage:
    """Everything up and running, its files in `folder` (emptied first); leaving the block ends every process.

    `more` is set in the bot's environment beside what the stage needs.
    Raises SettingsError when Prometheus is wanted and not installed, Unavailable when a part does not come up.
    """

    def __init__(
        self,
        folder: Path,
        *,
        with_prometheus: bool,
        longest_window: timedelta = _LONGEST_WINDOW,
        more: Mapping[str, str] | None = None,
    ) -> None:
        if with_prometheus and (missing := monitoring.missing()):
            raise SettingsError(
                f"{' and '.join(missing)} cannot be found. Install: apt-get install {' '.join(missing)}. "
                "Or see the bot without them: countersign demo --without-prometheus"
            )
        self.folder = folder.absolute()
        self.ports = Ports()
        self.addresses = Addresses.pick(self.ports)
        self.token = secrets.token_urlsafe(16)
        self.logs = self.folder / "logs"
        self.children = Children(self.logs)
        self.environment: Mapping[str, str] = {}
        self.bot: Child | None = None
        self._with_prometheus = with_prometheus
        self._longest_window = longest_window
        self._more = more or {}

    def __enter__(self) -> "Stage":
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.children.__enter__()
        try:
            self._start_world()
            self.environment = self._bot_environment()
            self._write_shell()
            self.start_bot()
            if self._with_prometheus:
                self._start_monitoring()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.children.__exit__(kind, error, trace)
        self.ports.__exit__(kind, error, trace)

    @property
    def shell(self) -> Path:
        """What a shell reads to be in the bot's own environment, secrets included; for whoever started this alone."""
        return self.folder / "environment.sh"

    def start_bot(self) -> Child:
        """Start the bot, or start it again after it was ended."""
        self.bot = self.children.start("bot", [sys.executable, "-m", "bot", "serve"], env=self.environment)
        self.children.wait_until_ready(self.bot, f"http://{self.addresses.bot}/readyz", within=_PATIENCE)
        return self.bot

    def _start_world(self) -> None:
        argv = [sys.executable, "-m", "sandbox", "--listen", self.addresses.world]
        argv += ["--bot", f"http://{self.addresses.bot}", "--state", str(self.folder / "world"), "--seed", _WORLD_SEED]
        argv += ["--manifest", "docs/slack-manifest.yml"]  # with the very scopes that the app asks for, and no more
        environment = {**os.environ, "SANDBOX_WEBHOOK_TOKEN": self.token}
        world = self.children.start("world", argv, env=environment)
        self.children.wait_until_ready(world, f"http://{self.addresses.world}/world/scenarios", within=_PATIENCE)

    def _bot_environment(self) -> Mapping[str, str]:
        """The bot's whole environment: what the world says, and nothing of COUNTERSIGN_* from the outside."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
        hosts: dict[str, str] = httpx.get(f"http://{self.addresses.world}/world/env", timeout=30).json()
        programs = write_stripe(self.folder, environment=hosts)
        write_sync(self.folder, environment=hosts)
        write_release(self.folder, environment=hosts)
        own = {
            "COUNTERSIGN_DATABASE_URL": f"sqlite:///{self.folder / 'countersign.db'}",
            "COUNTERSIGN_LISTEN": self.addresses.bot,
            "COUNTERSIGN_WEBHOOK_TOKEN": self.token,
            "COUNTERSIGN_REPLICA": "demo",
            "COUNTERSIGN_HURRY_CHECKS": "5s",
            "COUNTERSIGN_TOTP_KEY": secrets.token_urlsafe(32),
            "SLACK_BOT_TOKEN": "xoxb-local",
            "SLACK_SIGNING_SECRET": "local-signing-secret",
            "SLACK_API_URL": f"http://{self.addresses.world}/slack/api/",
            "ALERTMANAGER_URL": f"http://{self.addresses.alertmanager}",
            "STRIPE_CLI": "1",
            "AIVO_SYNC": "1",
            "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        if self._with_prometheus:
            own["PROMETHEUS_URL"] = f"http://{self.addresses.prometheus}"
        return {**inherited, **hosts, **own, **self._more}

    def _write_shell(self) -> None:
        """For `countersign` beside the running bot: its database, its hosts, the key of everybody's one-time codes."""
        changed = {name: value for name, value in self.environment.items() if os.environ.get(name) != value}
        lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(changed.items())]
        self.shell.touch(mode=0o600)
        self.shell.write_text("\n".join([*lines, ""]))

    def _start_monitoring(self) -> None:
        targets = (
            *(monitoring.Scrape(job=job, address=self.addresses.world, path=path) for job, path in _SCRAPES.items()),
            monitoring.Scrape(job="countersign", address=self.addresses.bot, path="/metrics"),
        )
        am_config = monitoring.write_alertmanager(
            self.folder,
            webhook=f"http://{self.addresses.bot}/alertmanager",
            token=self.token,
            example=Path("docs/alertmanager.yml").read_text(),
        )
        prom_config = monitoring.write_prometheus(
            self.folder,
            targets=targets,
            alertmanager=self.addresses.alertmanager,
        )
        alertmanager = self.children.start(
            "alertmanager",
            [
                monitoring.ALERTMANAGER,
                f"--config.file={am_config}",
                f"--storage.path={self.folder / 'alertmanager'}",
                f"--web.listen-address={self.addresses.alertmanager}",
                f"--web.external-url=http://{self.addresses.alertmanager}",
                "--cluster.listen-address=",
            ],
        )
        self.children.wait_until_ready(alertmanager, f"http://{self.addresses.alertmanager}/-/ready", within=_PATIENCE)
        prometheus = self.children.start(
            "prometheus",
            [
                monitoring.PROMETHEUS,
                f"--config.file={prom_config}",
                f"--storage.tsdb.path={self.folder / 'prometheus'}",
                f"--web.listen-address={self.addresses.prometheus}",
                f"--web.external-url=http://{self.addresses.prometheus}",
            ],
        )
        self.children.wait_until_ready(prometheus, f"http://{self.addresses.prometheus}/-/ready", within=_PATIENCE)
        # Its first look for targets comes some five seconds after the start; a page that is offered before that
        # would show a break that no alert follows.
        query = f"http://{self.addresses.prometheus}/api/v1/query?query=sum(up)"
        self.children.wait_until_ready(
            prometheus, query, within=_PATIENCE, accept=lambda reply: _total(reply) >= len(targets)
        )
        # Rules only now: to a Prometheus that has not looked yet, everything is absent.
        monitoring.write_rules(
            self.folder, monitoring.hurried(Path("alerts.yml").read_text(), longest=self._longest_window)
        )
        prometheus.process.send_signal(signal.SIGHUP)
        self.children.wait_until_ready(
            prometheus,
            f"http://{self.addresses.prometheus}/api/v1/rules",
            within=_PATIENCE,
            accept=lambda reply: bool(reply.json()["data"]["groups"]),
        )
        # Having read its files again it looks for Alertmanager anew; what fires meanwhile would be told a minute later.
        self.children.wait_until_ready(
            prometheus,
            f"http://{self.addresses.prometheus}/api/v1/alertmanagers",
            within=_PATIENCE,
            accept=lambda reply: bool(reply.json()["data"]["activeAlertmanagers"]),
        )


def _total(reply: httpx.Response) -> float:
    result = reply.json()["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0
