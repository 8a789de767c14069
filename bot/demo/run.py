"""Start the demonstration, print one URL, and stay until it is to end."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from bot.core.errors import Unavailable
from bot.demo.recorded import Recorded
from bot.demo.stage import Stage


def demo(folder: Path, *, with_prometheus: bool, say: Callable[[str], None], stop: threading.Event) -> None:
    """Start all, print the URL, and stay until `stop` is set or a process ends by itself (Unavailable)."""
    with Stage(folder, with_prometheus=with_prometheus) as stage:
        _welcome(stage, with_prometheus=with_prometheus, say=say)
        recorded = (
            None
            if with_prometheus
            else Recorded(
                world=f"http://{stage.addresses.world}", bot=f"http://{stage.addresses.bot}", token=stage.token
            )
        )
        while not stop.wait(0.5):
            if recorded is not None:
                with suppress(httpx.HTTPError):  # somebody is busy; it is looked at again in a moment
                    recorded.look()
            if (child := stage.children.ended()) is not None:
                raise Unavailable(child.name, f"it ended with {child.process.returncode}; see {child.log}")


def _welcome(stage: Stage, *, with_prometheus: bool, say: Callable[[str], None]) -> None:
    addresses = stage.addresses
    say(f"\n  Open  http://{addresses.world}/\n")
    say("  Break something on the left, watch the thread, ask for an action, become somebody else, approve it.")
    if with_prometheus:
        say("  Windows of alerts.yml are shortened to 2 minutes here, so that alerts come and go while you watch.")
        say(f"  Prometheus http://{addresses.prometheus}/  Alertmanager http://{addresses.alertmanager}/")
    else:
        say("  No Prometheus: recorded webhooks are posted instead, and PromQL questions say so.")
    say(f"  Without Slack: console http://{addresses.bot}/ ; at a shell here:  . {_near(stage.shell)}")
    say("    then  countersign people enroll U0CHI  (a key for an authenticator app),  countersign requests list")
    say(f"  Bot http://{addresses.bot}/metrics  Logs {stage.logs}/  Ctrl-C ends everything.\n")


def _near(path: Path) -> str:
    """As somebody types it who stands where this was started."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
