"""Slack goes down between the question and the answer: two people approve elsewhere, and it runs while it is down."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pyotp
import pytest

from tests.kit.loopback import loopback
from tests.kit.scene import PATIENCE, Scene, awaited, text_of

_REFRESH = 120.0  # seconds within which the bot has asked Slack about everybody who may approve


@dataclass(frozen=True, slots=True)
class Terminal:
    """A shell beside the running bot, with its environment."""

    scene: Scene

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=dict(self.scene.stage.environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def enroll(self, person: str) -> pyotp.TOTP:
        """An authenticator app that has read what was printed."""
        printed = self.run("people", "enroll", person)
        assert printed.returncode == 0, printed.stderr
        app = pyotp.parse_uri(printed.stdout.strip())
        assert isinstance(app, pyotp.TOTP)
        return app


@pytest.fixture(autouse=True)
def slack_is_back(scene: Scene) -> Iterator[None]:
    yield
    scene.control.clear_faults()


def test_two_people_approve_without_slack_and_slack_shows_it_once_it_is_back(scene: Scene) -> None:
    terminal = Terminal(scene)
    ana, lead = terminal.enroll("U0ANA"), terminal.enroll("U0LEAD1")
    people = "select id from known_people where id in ('U0ANA', 'U0LEAD1')"
    awaited(lambda: len(scene.rows(people)) == 2 or None, within=_REFRESH, what=lambda: str(scene.rows(people)))
    broken = scene.world.start("dead-letter-webhooks", count=2)
    dead = broken["event_ids"]
    incident = scene.incident("accrue.ops.webhook_dlq.dead_lettered", "Firing").until(broken["type"])
    form = {"type": broken["type"], "since": "1h", "-reason": "the handler is fixed"}
    card = incident.ask("U0CHI", "replay-type", form=form).until("waiting for approval", "high risk")
    [(request_id,)] = scene.rows("select id from requests where state = 'open' and action = 'replay-type'")
    scene.control.inject("down")

    # Its alert may end while they type, so both say that they want it anyway.
    # One at a shell, with what `show` showed; the same code is good for nothing after that.
    shown = json.loads(terminal.run("requests", "show", request_id, "--json").stdout)
    code = ana.now()
    vote = ("requests", "approve", request_id, "--as", "U0ANA", "--code", code, "--digest", shown["digest"], "--anyway")
    first = terminal.run(*vote)
    again = terminal.run(*vote)

    # One over HTTP.
    api = f"http://{scene.stage.addresses.bot}/api/v1/requests/{request_id}/approve"
    ballot = {"person": "U0LEAD1", "code": lead.now(), "digest": shown["digest"], "anyway": True}
    second = loopback.post(api, json=ballot, timeout=30)

    assert (first.returncode, again.returncode) == (0, 1), first.stderr + again.stderr
    assert "has been used" in again.stderr
    assert second.status_code == 200, second.text
    state = "select state from executions where request_id = :id"
    awaited(
        lambda: scene.rows(state, id=request_id) == [("verified",)] or None,
        within=PATIENCE,
        what=lambda: f"it stands at {scene.rows(state, id=request_id)}",
    )
    assert "waiting for approval" in card.text  # Slack knows nothing yet

    scene.control.clear_faults()

    card.until("done and verified", "<@U0ANA>", "<@U0LEAD1>")
    assert len([each for each in incident.replies if "the handler is fixed" in text_of(each)]) == 1
    requeued = [each for each in scene.effects("accrue", "webhook.requeued") if each["target"] in dead]
    assert sorted(each["target"] for each in requeued) == sorted(dead)
    assert scene.audit_verify().returncode == 0
