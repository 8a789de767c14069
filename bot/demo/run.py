"""Start everything the demonstration needs, print one URL, and end every process again."""

import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot.core.errors import SettingsError, Unavailable
from bot.demo import monitoring
from bot.demo.children import Child, Children
from bot.demo.ports import free_port
from bot.demo.recorded import Recorded

_WORLD_SEED = "7"  # invented rows and ids are the same every time, so recorded webhooks name ones that exist
_SCRAPES = {
    "accrue": "/hosts/accrue/metrics",
    "stripemeter-api": "/hosts/stripemeter/metrics",
    "stripemeter-workers": "/hosts/stripemeter-worker/metrics",
    "adventive-exporter": "/hosts/adventive/metrics",
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
    def pick(cls) -> "Addresses":
        taken: set[int] = set()
        bot, world, prometheus, alertmanager = (
            f"127.0.0.1:{free_port(wanted, taken)}" for wanted in (8080, 8090, 9090, 9093)
        )
        return cls(bot=bot, world=world, prometheus=prometheus, alertmanager=alertmanager)


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """What to start, and where it keeps its files (emptied first). `say` prints a line for the person."""

    folder: Path
    with_prometheus: bool
    say: Callable[[str], None]

    def run(self, stop: threading.Event) -> None:
        """Start all, print the URL, and stay until `stop` is set or a process ends by itself (Unavailable)."""
        if self.with_prometheus and (missing := monitoring.missing()):
            raise SettingsError(
                f"{' and '.join(missing)} cannot be found. Install: apt-get install {' '.join(missing)}. "
                "Or see the bot without them: countersign demo --without-prometheus"
            )
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        addresses = Addresses.pick()
        token = secrets.token_urlsafe(16)
        with Children(self.folder / "logs") as children:
            world = self._start_world(children, addresses)
            environment = self._environment(addresses, token)
            bot = children.start("bot", [sys.executable, "-m", "bot", "serve"], env=environment)
            children.wait_until_ready(bot, f"http://{addresses.bot}/readyz", within=30)
            if self.with_prometheus:
                self._start_monitoring(children, addresses, token)
            self._welcome(addresses, world)
            self._watch(children, addresses, token, stop)

    def _start_world(self, children: Children, addresses: Addresses) -> Child:
        argv = [sys.executable, "-m", "sandbox", "--listen", addresses.world, "--bot", f"http://{addresses.bot}"]
        world = children.start(
            "world", [*argv, "--state", str(self.folder / "world"), "--seed", _WORLD_SEED], env=os.environ
        )
        children.wait_until_ready(world, f"http://{addresses.world}/world/scenarios", within=60)
        return world

    def _environment(self, addresses: Addresses, token: str) -> Mapping[str, str]:
        """The bot's whole environment: what the world says, and nothing of COUNTERSIGN_* from the outside."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
        hosts: dict[str, str] = httpx.get(f"http://{addresses.world}/world/env", timeout=10).json()
        own = {
            "COUNTERSIGN_DATABASE_URL": f"sqlite:///{self.folder / 'countersign.db'}",
            "COUNTERSIGN_LISTEN": addresses.bot,
            "COUNTERSIGN_WEBHOOK_TOKEN": token,
            "COUNTERSIGN_REPLICA": "demo",
            "SLACK_BOT_TOKEN": "xoxb-local",
            "SLACK_SIGNING_SECRET": "local-signing-secret",
            "SLACK_API_URL": f"http://{addresses.world}/slack/api/",
            "ALERTMANAGER_URL": f"http://{addresses.alertmanager}",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        if self.with_prometheus:
            own["PROMETHEUS_URL"] = f"http://{addresses.prometheus}"
        return inherited | hosts | own

    def _start_monitoring(self, children: Children, addresses: Addresses, token: str) -> None:
        folder = self.folder.absolute()
        targets = (
            *(monitoring.Scrape(job=job, address=addresses.world, path=path) for job, path in _SCRAPES.items()),
            monitoring.Scrape(job="countersign", address=addresses.bot, path="/metrics"),
        )
        am_config = monitoring.write_alertmanager(folder, webhook=f"http://{addresses.bot}/alertmanager", token=token)
        prom_config = monitoring.write_prometheus(
            folder,
            rules=monitoring.hurried(Path("alerts.yml").read_text()),
            targets=targets,
            alertmanager=addresses.alertmanager,
        )
        alertmanager = children.start(
            "alertmanager",
            [
                monitoring.ALERTMANAGER,
                f"--config.file={am_config}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address={addresses.alertmanager}",
                f"--web.external-url=http://{addresses.alertmanager}",
                "--cluster.listen-address=",
            ],
        )
        children.wait_until_ready(alertmanager, f"http://{addresses.alertmanager}/-/ready", within=20)
        prometheus = children.start(
            "prometheus",
            [
                monitoring.PROMETHEUS,
                f"--config.file={prom_config}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address={addresses.prometheus}",
                f"--web.external-url=http://{addresses.prometheus}",
            ],
        )
        children.wait_until_ready(prometheus, f"http://{addresses.prometheus}/-/ready", within=20)
        # Its first look for targets comes some five seconds after the start; a page that is offered before that
        # would show a break that no alert follows.
        query = f"http://{addresses.prometheus}/api/v1/query?query=sum(up)"
        children.wait_until_ready(prometheus, query, within=30, accept=lambda reply: _total(reply) >= len(targets))

    def _welcome(self, addresses: Addresses, world: Child) -> None:
        self.say(f"\n  Open  http://{addresses.world}/\n")
        self.say(
            "  Break something on the left, watch the thread, ask for an action, become somebody else, approve it."
        )
        self.say("  Windows of alerts.yml are shortened to 30 s here, so that alerts come and go while you watch.")
        if self.with_prometheus:
            self.say(f"  Prometheus http://{addresses.prometheus}/  Alertmanager http://{addresses.alertmanager}/")
        else:
            self.say("  No Prometheus: recorded webhooks are posted instead, and PromQL questions say so.")
        self.say(f"  Bot http://{addresses.bot}/metrics  Logs {world.log.parent}/  Ctrl-C ends everything.\n")

    def _watch(self, children: Children, addresses: Addresses, token: str, stop: threading.Event) -> None:
        recorded = (
            None
            if self.with_prometheus
            else Recorded(world=f"http://{addresses.world}", bot=f"http://{addresses.bot}", token=token)
        )
        while not stop.wait(0.5):
            if recorded is not None:
                recorded.look()
            if (child := children.ended()) is not None:
                raise Unavailable(child.name, f"it ended with {child.process.returncode}; see {child.log}")


def _total(reply: httpx.Response) -> float:
    result = reply.json()["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C or a polite kill sets."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
