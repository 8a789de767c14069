"""StripeMeter: usage that drifted is replayed and reconciled; where the host has no replay, that is said."""

import pytest

from tests.kit.scene import Scene


@pytest.mark.side_by_side
def test_late_usage_is_replayed_until_the_drift_is_within_epsilon(scene: Scene) -> None:
    broken = scene.world.start("usage-drift", metric="requests", percent=3)
    item = broken["subscription_item"]

    incident = scene.incident("stripemeter.reconciliation.drift", item)

    incident.until("The drift of 3.00 % is beyond the agreed 0.5 %")
    incident.evidence(item, "Latest reconciliation report", "Counters and watermarks", "team-001", "Is the API ready")
    assert incident.charts()

    replay = incident.ask("U0LEAD1", "replay", form={"since": "24h"}).until("waiting for approval", "1 target")
    replay.until("events in the window, 12 of them late; the counter would move by 1")
    assert scene.effects("stripemeter", "replay.apply", of=f"{broken['tenant']}/requests") == []
    replay.refuses("U0LEAD1", "somebody else must approve")
    replay.refuses("U0GUEST", "Guests do not decide")
    replay.approve("U0CHI")

    # The gauge tells the truth after the next run, which comes by the hour or when somebody asks for it.
    run = incident.ask("U0ANA", "reconcile")
    run.approve("U0LEAD2").until("done and verified")
    replay.until("done and verified")

    [applied] = scene.effects("stripemeter", "replay.apply", of=f"{broken['tenant']}/requests")
    assert applied["idempotency_key"]
    assert applied["detail"]["changes"]["requests"]["lateEvents"] == 12
    assert _drift(scene, item) <= 0.005
    incident.until("RESOLVED")


def test_where_the_host_has_no_replay_that_is_said_and_the_reconciliation_is_run(scene: Scene) -> None:
    scene.world.set_options(stripemeter_replay=False)
    broken = scene.world.start("usage-drift", metric="storage_gb", percent=2)
    item, before = broken["subscription_item"], len(scene.effects("stripemeter", "reconciliation.run"))

    incident = scene.incident("stripemeter.reconciliation.drift", item)
    refused = incident.ask("U0ANA", "replay", form={"since": "24h"})
    refused.until("not possible", "not installed", "there is instead: Run the reconciliation now")
    run = incident.ask("U0ANA", "reconcile").approve("U0CHI").until("done and verified")

    assert "Nothing was done" in refused.text
    assert scene.effects("stripemeter", "replay.apply", of=f"{broken['tenant']}/storage_gb") == []
    assert len(scene.effects("stripemeter", "reconciliation.run")) == before + 1
    assert "1 target" in run.text
    assert _drift(scene, item) > 0.005
    scene.world.set_options(stripemeter_replay=True)


def _drift(scene: Scene, item: str) -> float:
    path = "/hosts/stripemeter-worker/metrics"
    drift = scene.world.metric(path, "reconciliation_diff_pct", subscription_item=item)
    assert drift is not None
    return drift
