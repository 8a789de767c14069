"""Kill switches of Accrue and of one invoice at Stripe, and the bot's own: what it holds starts when it is released."""

import pytest

from tests.kit.loopback import loopback
from tests.kit.scene import CHANNEL, PATIENCE, Scene, awaited
from tests.kit.workspace import Json

pytestmark = pytest.mark.side_by_side


def test_accrues_dunning_is_paused_and_resumed(scene: Scene) -> None:
    billing(scene, "U0LEAD2", "run accrue/dunning")
    incident = scene.incident("Dunning gave up on customers", "<@U0LEAD2>")

    pause = incident.ask("U0ANA", "pause-queue").until("waiting for approval", "Does not stop")
    pause.refuses("U0ANA", "somebody else must approve")
    pause.approve("U0CHI").until("done and verified")
    incident.until("is stopped")
    resume = incident.ask("U0CHI", "resume-queue")
    resume.approve("U0ANA").until("done and verified")

    assert [each["action"] for each in scene.world.effects("accrue") if each["target"] == "accrue_dunning"] == [
        "queue.pause",
        "queue.resume",
    ]
    awaited(
        lambda: None if "is stopped" in incident.text else True,
        within=PATIENCE,
        what=lambda: f"it still says that something is stopped:\n{incident.text}",
    )


def test_what_the_bot_s_switch_holds_starts_when_it_is_released_and_stripe_s_collection_is_resumed(
    scene: Scene,
) -> None:
    invoice, switch = collected(scene), "bot:adventive/collection/stop-collection"
    billing(scene, "U0LEAD2", f"run adventive/collection invoice={invoice}")
    incident = scene.incident("An invoice is not collected", invoice)
    billing(scene, "U0LEAD1", f"switch engage {switch} a wrong deploy")

    stop = incident.ask("U0ANA", "stop-collection", form={"-reason": "the customer is not to be charged"})
    stop.approve("U0CHI").approve("U0LEAD1").until("approved, held", "a wrong deploy")
    held = auto_advance(scene, invoice)
    billing(scene, "U0LEAD1", f"switch release {switch} rolled back")
    stop.until("done and verified")
    stopped = auto_advance(scene, invoice)

    resume = stop.undo("U0CHI", reason="settled with the customer")
    resume.approve("U0ANA").approve("U0LEAD2").until("done and verified")

    assert (held, stopped, auto_advance(scene, invoice)) == (True, False, True)


def billing(scene: Scene, person: str, words: str) -> None:
    answer = scene.control.command(person, CHANNEL, "/billing", words)
    assert answer["ok"], answer


def collected(scene: Scene) -> str:
    """An open invoice that Stripe collects by itself."""
    invoices = stripe(scene, "/v1/invoices?status=open&limit=100")["data"]
    return next(str(each["id"]) for each in invoices if each["auto_advance"])


def auto_advance(scene: Scene, invoice: str) -> bool:
    return bool(stripe(scene, f"/v1/invoices/{invoice}")["auto_advance"])


def stripe(scene: Scene, path: str) -> Json:
    """The stand-in for Stripe, asked beside the bot."""
    environment = scene.stage.environment
    headers = {"Authorization": f"Bearer {environment['STRIPE_API_KEY']}"}
    answer = loopback.get(f"{environment['STRIPE_API_URL'].rstrip('/')}{path}", headers=headers, timeout=20)
    answer.raise_for_status()
    found: Json = answer.json()
    return found
