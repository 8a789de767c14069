"""The whole catalogue: each event is broken, comes by a real alert, is answered, acted on with approval, and undone."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.store.tables import incident_alerts, incidents
from sandbox.world.accrue.host import FORWARDED
from tests.kit.catalogue import nothing_private_is_left, play
from tests.kit.catalogue_rows import OTHERWISE_INSTALLED, ROWS
from tests.kit.loopback import loopback
from tests.kit.scene import PATIENCE, Scene, awaited, text_of

pytestmark = pytest.mark.timeout(900)

ROUNDS = 12  # of all rules, one a second: after them every check has been asked twice and its alert would have come


def test_in_a_world_that_has_only_just_begun_nothing_is_wrong(catalogue_scene: Scene) -> None:
    rounds: set[str] = set()

    def evaluated() -> bool | None:
        groups = _prometheus(catalogue_scene, "rules")["groups"]
        rounds.add(min(each["lastEvaluation"] for each in groups))
        return True if len(rounds) > ROUNDS else None

    awaited(evaluated, within=PATIENCE, what=lambda: f"{len(rounds)} rounds of the rules")

    assert [each["labels"]["alertname"] for each in _prometheus(catalogue_scene, "alerts")["alerts"]] == []
    by_itself = "event = 'countersign.canary.round' or origin = 'schedule'"
    assert catalogue_scene.rows(f"select event from incidents where not ({by_itself})") == []


def test_every_event_is_answered_and_every_action_is_approved_done_and_verified(catalogue_scene: Scene) -> None:
    catalogue_scene.world.set_options(aivo_dunning_routes=True)

    play(catalogue_scene, ROWS)


def test_a_digest_comes_by_the_clock_and_stands_in_its_channel(catalogue_scene: Scene) -> None:
    """The daily one of usage, which is due every minute here."""
    digests = """
        select i.id, m.slack_ts from incidents i join messages m on m.subject = 'root:' || i.id
        where i.origin = 'schedule' and i.opened_by = 'stripemeter/daily-reconciliation' and m.slack_ts is not null
        and exists (select 1 from diagnoses d where d.incident_id = i.id and d.finished_at is not null)"""

    def stands() -> str:
        said = catalogue_scene.rows(
            "select i.id, i.opened_by, i.state, i.diagnoses, i.channel from incidents i where i.origin = 'schedule'"
        )
        return f"no digest came: {said}"

    found = awaited(lambda: catalogue_scene.rows(digests) or None, within=PATIENCE, what=stands)

    incident_id, ts = found[0]
    [root] = [each for each in catalogue_scene.roots if each["ts"] == ts]
    assert "Usage and Stripe, every day" in text_of(root), text_of(root)  # open or closed by now
    fired = "select data from audit where kind = 'schedule.fired' and incident_id = :id"
    [(data,)] = catalogue_scene.rows(fired, id=incident_id)
    assert "fired_at" in json.loads(data)


def test_what_a_host_forwards_and_the_alert_of_it_are_one_thread_with_the_identifiers(catalogue_scene: Scene) -> None:
    sources = select(incidents.c.event, incident_alerts.c.source, incidents.c.metadata).join(incident_alerts)
    both: dict[str, set[str]] = {}
    known: dict[str, set[str]] = {}
    for event, source, metadata in catalogue_scene.rows(sources):
        both.setdefault(event, set()).add(source)
        known.setdefault(event, set()).update(metadata)

    forwarded = {row.event for row in ROWS if row.event in FORWARDED and row.by_hand is None}
    assert {event for event in forwarded if both[event] < {"alertmanager", "ops-events"}} == set()
    assert known["accrue.ops.metered_charge_failed_exhausted"] >= {"metered_renewal_id"}
    assert known["accrue.ops.connect_payout_failed"] >= {"payout_id"}


def test_another_kind_of_installation_is_chosen_by_its_options_and_acted_on_its_own_way(catalogue_scene: Scene) -> None:
    """The rules are changed under the running bot, which reads them again."""
    rules = Path(catalogue_scene.stage.environment["COUNTERSIGN_RULES"])
    before = _revision(catalogue_scene)
    _install(rules / "accrue.yml", replay_transport="release")
    _install(rules / "aivo.yml", recalculate="billing")
    assert catalogue_scene.stage.bot is not None

    catalogue_scene.stage.bot.process.send_signal(signal.SIGHUP)

    awaited(
        lambda: True if _revision(catalogue_scene) != before else None,
        within=PATIENCE,
        what=lambda: "the changed rules are not at work",
    )
    play(catalogue_scene, OTHERWISE_INSTALLED)


def test_after_all_of_it_nothing_private_is_left_and_the_audit_is_whole(catalogue_scene: Scene) -> None:
    nothing_private_is_left(catalogue_scene, ROWS)
    assert catalogue_scene.audit_verify().returncode == 0
    assert catalogue_scene.errors() == []


def _prometheus(scene: Scene, what: str) -> dict[str, Any]:
    answer = loopback.get(f"http://{scene.stage.addresses.prometheus}/api/v1/{what}")
    data: dict[str, Any] = answer.raise_for_status().json()["data"]
    return data


def _install(file: Path, **options: str) -> None:
    """Say in a rules file how a host is installed."""
    lines = file.read_text().splitlines()
    for name, value in options.items():
        [at] = [number for number, line in enumerate(lines) if line.startswith(f"  {name}: ")]
        lines[at] = f"  {name}: {value}"
    file.write_text("\n".join([*lines, ""]))


def _revision(scene: Scene) -> str:
    """The revision of the content at work, as /readyz tells it."""
    answer = loopback.get(f"http://{scene.stage.addresses.bot}/readyz")
    return str(answer.raise_for_status().json()["checks"]["content"]["message"])
