"""`countersign demo` as a newcomer meets it: one command, a page, and Ctrl-C."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.kit.browser import CHROMIUM, seats
from tests.kit.scene import PATIENCE, Channel
from tests.kit.workspace import Control
from tests.kit.world import WorldControl

pytestmark = pytest.mark.side_by_side


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """A demonstration that is running."""

    process: "subprocess.Popen[str]"
    url: str
    places: tuple[Path, ...]  # where it keeps files: its folder, and PostgreSQL's, whose path must be short

    def processes(self) -> dict[int, str]:
        """Every process it started, by id: its children, theirs, and who works in its folder."""
        alive = {pid: seen for pid in _pids() if (seen := _seen(pid)) is not None}
        ours = {self.process.pid}
        while more := {pid for pid, (parent, _, _) in alive.items() if parent in ours} - ours:
            ours |= more
        ours |= {pid for pid, (_, command, place) in alive.items() if self._names(f"{command} {place}/")}
        return {pid: alive[pid][1] for pid in ours - {self.process.pid} if pid in alive}

    def _names(self, text: str) -> bool:
        return any(str(place) in text for place in self.places)


@contextmanager
def demo(*arguments: str) -> Iterator[Demo]:
    """`python -m bot demo`, once it has printed its address."""
    folder = Path(tempfile.mkdtemp(prefix="cs-"))
    command = [sys.executable, "-m", "bot", "demo", "--folder", str(folder), *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    url = _address(process)
    try:
        places = (folder, Path((folder / "world" / "postgres-folder").read_text()))
        yield Demo(process=process, url=url, places=places)
    except Exception as error:
        error.add_note(_what_slack_saw(url))
        raise
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def _what_slack_saw(url: str) -> str:
    """What did not go well between the workspace and the bot, or took long."""
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        control = Control(client)
        slow = [each for each in control.deliveries() if each["outcome"] != "ok" or each["seconds"] > 1]
        refused = [each for each in control.calls() if each["outcome"] != "ok"]
        return f"slow or failed: {slow[-20:]}\nrefused: {refused[-20:]}"


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.strip().startswith("Open"):
            return line.split()[1]
    raise AssertionError(f"it ended: {''.join(said)}")


def _pids() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _seen(pid: int) -> tuple[int, str, str] | None:
    """Parent, command line and working directory of a process; None when it is gone or is not ours to look at."""
    place = Path(f"/proc/{pid}")
    try:
        state, parent, *_ = (place / "stat").read_text().rpartition(")")[2].split()
        command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return None if state == "Z" else (int(parent), command, str((place / "cwd").readlink()))
    except OSError:
        return None


WEBHOOKS, MAIL, USAGE, WAVE = (
    "Accrue gave up on webhooks",
    "An invoice e-mail did not arrive",
    "Local usage and Stripe disagree",
    "Dunning is downgrading too many customers",
)


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium (Debian package chromium)")
def test_each_kind_of_action_is_asked_for_in_one_browser_and_countersigned_in_others_and_ctrl_c_ends_it_all() -> None:
    with demo() as running, seats(running.url, "Ana", "Chi", "Lee") as (ana, chi, lee):
        for label in ("Suppress an invoice e-mail", "Make usage drift", "Start a downgrade wave"):
            ana.break_something(label)
        ana.break_something("Dead-letter three webhooks")

        expect(ana.root(WEBHOOKS)).to_contain_text("3 webhooks are dead")
        thread = ana.thread(WEBHOOKS)
        expect(thread.get_by_role("img", name="Dead letters")).to_be_visible()
        expect(thread.get_by_role("cell", name="customer.subscription.updated").first).to_be_visible()
        ana.ask(WEBHOOKS, "Replay all of this type", reason="The handler is fixed, release 214")
        expect(thread).to_contain_text("The host's dry run would requeue 3 of the 3 counted here.")
        ana.press_approve(WEBHOOKS)
        expect(ana.page.get_by_text("You asked for this, so somebody else must approve it.").first).to_be_visible()

        # Replay and the kill switch are of high risk: two others. The reconciliation and the PDF need one.
        ana.ask(WAVE, "Skip all pending dunning", reason="Stripe reports few failures")
        ana.ask(USAGE, "Run the reconciliation now")
        ana.ask(MAIL, "Render the PDF")
        for incident in (WEBHOOKS, WAVE, USAGE, MAIL):
            chi.approve(incident, name="Chi")
        for incident in (WEBHOOKS, WAVE):
            lee.approve(incident, name="Lee")
        for incident in (WEBHOOKS, WAVE, USAGE, MAIL):
            expect(lee.thread(incident)).to_contain_text("done and verified", timeout=PATIENCE * 1000)
        expect(ana.root(WAVE)).to_contain_text("Dunning of the pending steps is stopped")

        # What was asked about afterwards does not warn any more, so the mail may be sent.
        expect(chi.root(MAIL)).not_to_contain_text("warns against", timeout=PATIENCE * 1000)
        chi.ask(MAIL, "Resend the e-mail")
        ana.approve(MAIL, name="Ana")
        expect(lee.root(MAIL)).to_contain_text("RESOLVED", timeout=PATIENCE * 1000)

        started = running.processes()
        os.killpg(running.process.pid, signal.SIGINT)

        assert running.process.wait(60) == 0
        for wanted in ("prometheus ", "prometheus-alertmanager", "postgres", "sandbox", "bot serve"):
            assert any(wanted in command for command in started.values()), (wanted, started)
        assert {pid: started[pid] for pid in started if _seen(pid) is not None} == {}
        assert running.processes() == {}


def test_without_prometheus_recorded_webhooks_fire_and_resolve() -> None:
    with demo("--without-prometheus") as running, httpx.Client(base_url=running.url, timeout=30) as client:
        world = WorldControl(running.url.rstrip("/"))
        channel = Channel(control=Control(client))

        dead = world.start("dead-letter-webhooks")
        incident = channel.incident("accrue.ops.webhook_dlq.dead_lettered", "CRITICAL").until("3 webhooks are dead")
        form = {"type": dead["type"], "since": "1h", "-reason": "the handler is fixed"}
        replay = incident.ask("U0ANA", "replay-type", form=form).approve("U0CHI").approve("U0LEAD1")
        replay.until("done and verified")
        incident.until("RESOLVED")
        requeued = {each["target"] for each in world.effects("accrue", "webhook.requeued")}
        assert requeued == set(dead["event_ids"])

        # An alert about a thing names the thing that is broken now.
        first, second = (world.start("suppress-invoice-email")["invoice_id"] for _ in range(2))
        for invoice in (first, second):
            channel.incident("adventive.invoice.email_undelivered", invoice).until("The PDF is missing")
        channel.incident(second).ask("U0ANA", "render-pdf").approve("U0CHI").until("done and verified")
        channel.incident(second).until("A resend is the remedy").ask("U0ANA", "resend").approve("U0CHI").until(
            "done and verified"
        )
        channel.incident(second).until("RESOLVED")
        assert "RESOLVED" not in channel.incident(first).text
        assert all("prometheus" not in command for command in running.processes().values())
