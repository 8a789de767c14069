"""Accrue: webhooks that died are replayed, one alone and the others together."""

import pytest

from tests.kit.scene import Scene

pytestmark = pytest.mark.side_by_side


@pytest.mark.plays("accrue/webhook-dead-lettered", "replay-one", "replay-type")
def test_dead_webhooks_are_replayed_one_alone_and_the_others_together(scene: Scene) -> None:
    broken = scene.world.start("dead-letter-webhooks", count=3)
    dead, events = set(broken["event_ids"]), broken["processor_event_ids"]

    incident = scene.incident("accrue.ops.webhook_dlq.dead_lettered", "CRITICAL")

    # What was found: rows, Oban's last error with its address masked, the event at Stripe, a chart.
    incident.until("3 webhooks are dead", broken["type"])
    evidence = incident.evidence(*dead, *events, "FunctionClauseError", "[e-mail]")
    assert "The same event at Stripe" in evidence
    # One when the host told of it, perhaps another when the alert came.
    assert {picture[:8] for picture in incident.charts()} == {b"\x89PNG\r\n\x1a\n"}

    # One of them, which needs one other person.
    one = incident.ask("U0ANA", "replay-one", form={}).until("waiting for approval", "low risk")
    one.refuses("U0ANA", "somebody else must approve")
    one.refuses("U0ANA2", "belongs to the person who asked")
    one.refuses("U0GUEST", "Guests do not decide")
    one.refuses("U0EXT", "People of other workspaces do not decide")
    with pytest.raises(AssertionError, match="the account is closed"):
        one.refuses("U0GONE", "")
    one.approve("U0CHI").until("done and verified")

    # The two others, which need two.
    form = {"type": broken["type"], "since": "1h", "-reason": "the handler knows the new tier now"}
    rest = incident.ask("U0CHI", "replay-type", form=form).until("waiting for approval", "high risk", "2 targets")
    rest.until("The host's dry run would requeue 2 of the 2 counted here.", "the handler knows the new tier now")
    rest.approve("U0ANA")
    rest.until("*Needs* 1 approval")
    rest.refuses("U0ANA", "You have voted on this already")
    rest.refuses("U0CHI", "somebody else must approve")
    rest.approve("U0LEAD1").until("done and verified")

    requeued = scene.effects("accrue", "webhook.requeued")
    assert sorted(each["target"] for each in requeued) == sorted(dead)
    assert len({each["idempotency_key"] for each in requeued}) == 3
    assert all(each["idempotency_key"] for each in requeued)
    incident.until("RESOLVED")
