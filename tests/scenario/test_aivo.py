"""Aivo: a wave of downgrades is stopped in the table, put back, and stopped in the service."""

from datetime import datetime, timedelta

import pytest

from tests.kit.scene import PATIENCE, Scene, awaited

pytestmark = pytest.mark.side_by_side


@pytest.mark.plays("aivo/dunning-downgrades", "skip-pending", "restore-pending", "stop-service", "start-service")
def test_a_wave_of_downgrades_is_stopped_in_the_table_put_back_and_stopped_in_the_service(scene: Scene) -> None:
    scene.world.start("downgrade-wave", count=400, at_once=60, per_second=1)

    incident = scene.incident("aivo.dunning.downgrades")

    incident.until("dunning steps of", "still pending", "Suspect the dunning job itself")
    incident.evidence("PAST_DUE", "day7_downgrade", "DAY_7_DOWNGRADE", "Blast radius of the kill switch")
    assert incident.charts()

    # More steps fall due while people vote: what is left of those counted is skipped, and nothing else.
    skip = incident.ask("U0ANA", "skip-pending", form={"-reason": "the job counts wrong"}).until("waiting for approval")
    skip.refuses("U0ANA", "somebody else must approve")
    skip.refuses("U0ANA2", "belongs to the person who asked")
    skip.refuses("U0GUEST", "Guests do not decide")
    skip.approve("U0CHI").approve("U0LEAD1").until("done and verified")
    [skipped] = scene.effects("aivo", "dunning.skip")
    assert skipped["detail"]["reason"] == "EMERGENCY_SKIP"

    incident.until("Dunning of the pending steps is stopped", "Stripe's own retries and e-mails go on")

    undo = skip.undo("U0CHI", reason="dunning is right after all").until(
        "waiting for approval", "Restore the skipped steps"
    )
    undo.refuses("U0CHI", "somebody else must approve")
    undo.approve("U0ANA").approve("U0LEAD2").until("done and verified")
    [restored] = scene.effects("aivo", "dunning.restore")
    assert sorted(restored["detail"]["ids"]) == sorted(skipped["detail"]["ids"])
    awaited(
        lambda: None if "Dunning of the pending steps is stopped" in incident.text else True,
        within=PATIENCE,
        what=lambda: f"it still says that something is stopped:\n{incident.text}",
    )
    assert restored["detail"]["count"] == len(restored["detail"]["ids"]) > 300

    off = incident.ask("U0LEAD1", "stop-service", form={"-reason": "until it is understood"})
    off.approve("U0ANA").approve("U0CHI").until("done and verified")
    [disabled] = scene.effects("aivo", "dunning.disable")
    assert disabled["idempotency_key"]
    incident.until("RESOLVED")
    # The service's own turn that was under way when the flag fell may still end.
    last = max(datetime.fromisoformat(each["at"]) for each in scene.effects("aivo", "subscription.downgraded"))
    assert last <= datetime.fromisoformat(disabled["at"]) + timedelta(seconds=1)

    on = off.undo("U0CHI", reason="it is understood").until("waiting for approval")
    on.approve("U0ANA").approve("U0LEAD2").until("done and verified")
    [enabled] = scene.effects("aivo", "dunning.enable")
    assert enabled["idempotency_key"] != disabled["idempotency_key"]
