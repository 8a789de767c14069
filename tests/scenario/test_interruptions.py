"""The bot is killed, Slack is away, an answer is lost: nothing is forgotten, and nothing happens twice."""

from collections.abc import Iterator

import pytest

from tests.kit.scene import PATIENCE, Incident, Scene, awaited, text_of
from tests.kit.workspace import Json


def _undelivered(scene: Scene) -> str:
    """Another invoice whose e-mail did not arrive, for want of a PDF."""
    return str(scene.world.start("suppress-invoice-email", variant="pdf_missing")["invoice_id"])


EVENT = "adventive.invoice.email_undelivered"


def _thread_of(scene: Scene, invoice: str) -> Incident:
    return scene.incident(EVENT, invoice)


def _roots_of(scene: Scene, invoice: str) -> list[Json]:
    """Those of the e-mail alone: that its PDF is missing is an incident of its own."""
    return [root for root in scene.concerning(invoice) if EVENT in text_of(root)]


@pytest.fixture(autouse=True)
def nothing_left_over(scene: Scene) -> Iterator[None]:
    """Whatever a test breaks is whole again for the next."""
    yield
    scene.control.clear_faults()
    scene.world.disarm()
    if scene.stage.bot is None or scene.stage.bot.process.poll() is not None:
        scene.stage.start_bot()


@pytest.mark.parametrize("fault", ["hang", "lost_reply"])
def test_a_bot_killed_between_acknowledging_and_posting_posts_once_when_it_is_back(scene: Scene, fault: str) -> None:
    """Slack got the post (lost_reply) or did not (hang): the bot was killed before it could know."""
    scene.control.inject(fault, "chat.postMessage", hold=60)
    invoice = _undelivered(scene)
    under_way = "select i.id from messages m join incidents i on i.id = m.incident_id "
    under_way += "where m.sending_since is not null and m.slack_ts is null and instr(i.labels, :invoice) > 0"
    awaited(
        lambda: scene.rows(under_way, invoice=invoice) or None, within=PATIENCE, what=lambda: "nothing is being posted"
    )
    if fault == "lost_reply":
        scene.incident(invoice)

    scene.kill_the_bot()
    scene.control.clear_faults()
    scene.stage.start_bot()

    incident = _thread_of(scene, invoice).until("The PDF is missing")
    incident.evidence(invoice)
    incident.charts()
    assert len(_roots_of(scene, invoice)) == 1


def test_calls_under_way_when_the_bot_is_killed_are_looked_up_and_not_repeated(scene: Scene) -> None:
    never, done = _undelivered(scene), _undelivered(scene)
    lost = _thread_of(scene, never).ask("U0ANA", "render-pdf").until("waiting for approval")
    taken = _thread_of(scene, done).ask("U0ANA", "render-pdf").until("waiting for approval")

    scene.world.arm("adventive", "hang", count=1, path="/admin/render-pdf")
    lost.approve("U0CHI").until("running")
    awaited(lambda: _is_hit(scene), within=PATIENCE, what=lambda: "the call that hangs was not made")
    scene.world.arm("adventive", "lost_reply", count=1, path="/admin/render-pdf")
    taken.approve("U0CHI").until("running")
    awaited(lambda: _is_hit(scene), within=PATIENCE, what=lambda: "the call whose reply is lost was not made")
    scene.kill_the_bot()
    scene.stage.start_bot()

    lost.until("outcome unknown")
    taken.until("outcome unknown")
    taken.until("done and verified")
    lost.until("failed", "did not take effect")
    assert len(scene.effects("adventive", "invoice.pdf_rendered", of=done)) == 1
    assert scene.effects("adventive", "invoice.pdf_rendered", of=never) == []

    # A mail that was sent cannot be looked up: that is told, and nobody is mailed twice.
    scene.world.arm("adventive", "lost_reply", count=1, path="/admin/resend-invoice")
    mail = _thread_of(scene, done).until("A resend is the remedy").ask("U0ANA", "resend").approve("U0CHI")
    awaited(lambda: _is_hit(scene), within=PATIENCE, what=lambda: "the mail whose reply is lost was not sent")
    scene.kill_the_bot()
    scene.stage.start_bot()

    mail.until("outcome unknown", "a person must look")
    _thread_of(scene, done).until("RESOLVED")
    assert "outcome unknown" in mail.text
    assert len(scene.effects("adventive", "invoice.email_sent", of=done)) == 1


def _is_hit(scene: Scene) -> bool | None:
    return not scene.world.faults() or None


def test_an_action_whose_reply_is_lost_is_looked_up(scene: Scene) -> None:
    [dead] = scene.world.start("dead-letter-webhooks", count=1)["event_ids"]
    incident = scene.incident("accrue.ops.webhook_dlq.dead_lettered", "Firing")
    scene.world.arm("accrue", "lost_reply", count=1, path="/dlq/replay")

    card = incident.ask("U0LEAD1", "replay-one", form={"event": dead}).approve("U0CHI")

    card.until("outcome unknown", "the target will be asked")
    card.until("done and verified")
    assert len(scene.effects("accrue", "webhook.requeued", of=dead)) == 1


def test_while_slack_is_away_alerts_are_taken_and_diagnosed_and_then_said_once(scene: Scene) -> None:
    scene.control.inject("down")
    invoice = _undelivered(scene)
    awaited(
        lambda: (
            scene.rows(
                "select 1 from diagnoses d join incidents i on i.id = d.incident_id "
                "where d.finished_at is not null and i.event = :event and instr(i.labels, :invoice) > 0",
                event=EVENT,
                invoice=invoice,
            )
            or None
        ),
        within=PATIENCE,
        what=lambda: f"{invoice} was not diagnosed",
    )
    assert _roots_of(scene, invoice) == []

    scene.control.clear_faults()

    incident = _thread_of(scene, invoice)
    assert "The PDF is missing" in incident.text
    incident.evidence(invoice)
    assert len(_roots_of(scene, invoice)) == 1
    assert incident.root["edits"] == 0
