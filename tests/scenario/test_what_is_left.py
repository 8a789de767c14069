"""What all the scenarios before have left behind: a record that holds, and nothing that should not have left."""

import json

import pytest

from tests.kit.scene import Scene


@pytest.fixture(scope="module")
def invoice(scene: Scene) -> str:
    """One incident at least, also when these tests run alone: its customer has a name, an address, a number."""
    invoice = str(scene.world.start("suppress-invoice-email")["invoice_id"])
    incident = scene.incident("adventive.invoice.email_undelivered", invoice)
    incident.evidence(invoice)
    incident.ask("U0ANA", "render-pdf").approve("U0CHI").until("done and verified")
    return invoice


def test_the_record_is_intact_and_holds_every_vote_and_execution(scene: Scene, invoice: str) -> None:
    verified = scene.audit_verify()

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "intact" in verified.stdout
    of_kind = {
        kind: {row[0] for row in scene.rows("select request_id from audit where kind = :kind", kind=kind)}
        for kind in ("request.asked", "request.approved", "execution.started")
    }
    executed = {row[0] for row in scene.rows("select request_id from executions")}
    assert of_kind["request.asked"] == {row[0] for row in scene.rows("select id from requests")}
    assert of_kind["execution.started"] == executed != set()
    assert executed <= of_kind["request.approved"]


def test_what_the_scenarios_say_they_play_was_done_and_verified(scene: Scene, request: pytest.FixtureRequest) -> None:
    """Of those that ran before on this stage: the marks are what tests/content/test_played.py counts."""
    here = [item for item in request.session.items if "scene" in getattr(item, "fixturenames", ())]
    marks = [mark for item in here for mark in item.iter_markers("plays")]
    said = {(mark.args[0], action) for mark in marks for action in mark.args[1:]}

    verified = """
        select r.runbook, r.action from requests r join executions e on e.request_id = r.id
        where e.state = 'verified'"""
    assert said - {(runbook, action) for runbook, action in scene.rows(verified)} == set()


def test_the_bot_has_logged_no_error(scene: Scene, invoice: str) -> None:
    assert "message.sent" in scene.log("bot")
    assert scene.errors() == []


def test_nothing_private_is_in_a_message(scene: Scene, invoice: str) -> None:
    people = ("U0ANA", "U0CHI", "U0LEAD1", "U0LEAD2")
    said = [scene.control.messages(channel["id"]) for channel in scene.control.channels()]
    said += [scene.control.modals(person) for person in people]

    _holds_nothing_private(scene, json.dumps(said, ensure_ascii=False), although=invoice)


def test_nothing_private_is_in_a_log(scene: Scene, invoice: str) -> None:
    logs = {file.name: file.read_text(errors="replace") for file in scene.stage.logs.iterdir()}

    assert {"bot.log", "prometheus.log", "alertmanager.log"} <= logs.keys()
    _holds_nothing_private(scene, "\n".join(logs.values()), although="message.sent")


def test_nothing_private_is_in_the_bots_database(scene: Scene, invoice: str) -> None:
    """All tables, so also answers, previews, snapshots and webhooks as they came in."""
    held = [repr(row) for row in scene.every_row()]

    _holds_nothing_private(scene, "\n".join(held), although=invoice)


def _holds_nothing_private(scene: Scene, text: str, *, although: str) -> None:
    """No planted value is in it, although it holds what it should."""
    assert although in text
    planted = scene.world.private()
    assert len(planted) > 100
    assert [value for value in planted if value in text or json.dumps(value)[1:-1] in text] == []
