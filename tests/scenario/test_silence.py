"""An alert is silenced from its message in a real Alertmanager, and heard again once that is lifted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.kit.loopback import loopback
from tests.kit.scene import PATIENCE, Incident, Scene, awaited, elements_of

NAME = "CompressorHums"


def alert(alertmanager: str, tenant: str) -> None:
    """Fire one that no other scenario has; a critical one has a message of its own whatever else goes on."""
    labels = {"alertname": NAME, "system": "adventive", "severity": "critical", "tenant": tenant}
    since, until = (
        f"{datetime.now(UTC) + later:%Y-%m-%dT%H:%M:%SZ}" for later in (timedelta(0), timedelta(minutes=30))
    )
    told = [{"labels": labels, "annotations": {"summary": f"{tenant} hums"}, "startsAt": since, "endsAt": until}]
    loopback.post(f"{alertmanager}/api/v2/alerts", json=told, timeout=10).raise_for_status()


def silences(alertmanager: str, state: str) -> list[dict[str, Any]]:
    told = loopback.get(f"{alertmanager}/api/v2/silences", timeout=10).json()
    ours = {"name": "alertname", "value": NAME, "isRegex": False, "isEqual": True}
    return [each for each in told if ours in each["matchers"] and each["status"]["state"] == state]


def buttons(incident: Incident) -> set[str]:
    return {each["action_id"] for each in elements_of(incident.root)}


@pytest.mark.side_by_side
def test_an_alert_is_silenced_from_its_message_and_heard_again_once_that_is_lifted(scene: Scene) -> None:
    alertmanager = f"http://{scene.stage.addresses.alertmanager}"
    alert(alertmanager, "one")
    incident = scene.incident(NAME, "one hums")

    with scene.hands["U0LEAD2"]:
        incident.click("U0LEAD2", incident.root, "silence")
        incident.fill_in("U0LEAD2", {"-length": "1h", "-reason": "the humming is known"})
    incident.until("Silenced", "<@U0LEAD2>: the humming is known")
    (made,) = silences(alertmanager, "active")
    alert(alertmanager, "two")

    assert incident.id in made["comment"]
    assert made["createdBy"].endswith("(U0LEAD2)")
    assert {each["name"] for each in made["matchers"]} == {"alertname", "system"}
    assert "unsilence" in buttons(incident)

    until = f"{datetime.now(UTC) + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    elsewhere = {
        "matchers": made["matchers"],
        "startsAt": since,
        "endsAt": until,
        "createdBy": "bo",
        "comment": "me too",
    }
    number = loopback.post(f"{alertmanager}/api/v2/silences", json=elsewhere, timeout=10).json()["silenceID"]
    incident.until("by bo in Alertmanager: me too")
    assert "two hums" not in incident.text

    loopback.delete(f"{alertmanager}/api/v2/silence/{number}", timeout=10).raise_for_status()
    incident.click("U0LEAD2", incident.root, "unsilence")

    awaited(lambda: not silences(alertmanager, "active") or None, within=PATIENCE, what=lambda: incident.text)
    awaited(lambda: ":no_bell:" not in incident.text or None, within=PATIENCE, what=lambda: incident.text)
    incident.until("two hums", "2 firing")
