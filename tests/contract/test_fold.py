"""Stored deliveries become incidents: on either database, each once, whatever comes."""

import json
import threading
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.core.errors import Unavailable
from bot.store import deliveries
from bot.store.database import Database
from bot.store.tables import deliveries as rows
from bot.store.tables import diagnoses, incidents
from tests.kit.databases import PostgreSQL
from tests.kit.ingest import Ingest, recorded
from tests.kit.waiting import eventually


@pytest.fixture
def ingest(database: Database) -> Ingest:
    return Ingest(database)


def states(ingest: Ingest) -> list[tuple[str, str]]:
    return [(row.id, row.state) for row in ingest.incidents()]


def test_two_tenants_in_one_group_are_two_incidents_each_with_its_diagnosis(ingest: Ingest) -> None:
    ingest.receive("tenants_firing")

    one, other = ingest.incidents()
    assert (one.system, one.event, one.runbook) == (
        "stripemeter",
        "stripemeter.reconciliation.drift",
        "stripemeter/drift",
    )
    assert (one.channel, one.title, one.severity) == ("#billing-oncall", "Local usage and Stripe disagree", "warning")
    assert {one.labels["tenant"], other.labels["tenant"]} == {
        "0b8f0c1e-7d6a-4c56-9d3a-5f1c2e9a7701",
        "0b8f0c1e-7d6a-4c56-9d3a-5f1c2e9a7702",
    }
    assert one.content == ingest.catalog.revision
    assert ingest.jobs() == [f"diagnose:{one.id}:1", f"diagnose:{other.id}:1"]
    assert sorted(ingest.shown.incidents) == [one.id, other.id]


def test_one_tenant_is_resolved_then_the_other_then_the_first_is_back_in_its_thread(ingest: Ingest) -> None:
    ingest.receive("tenants_firing")
    (one, _), (other, _) = states(ingest)

    ingest.receive("tenants_one_resolved")
    assert states(ingest) == [(one, "resolved"), (other, "firing")]
    ingest.receive("tenants_resolved")
    assert states(ingest) == [(one, "resolved"), (other, "resolved")]
    ingest.receive("tenants_firing_again")
    assert states(ingest) == [(one, "firing"), (other, "resolved")]

    assert ingest.audited() == [
        "incident.opened",
        "incident.opened",
        "incident.resolved",
        "incident.resolved",
        "incident.reopened",
    ]


def test_the_same_webhook_through_two_alertmanagers_is_one_incident_said_once(ingest: Ingest) -> None:
    ingest.receive("ha_firing_1", "ha_firing_2")
    ingest.receive("ha_resolved_2", "ha_resolved_1", "ha_firing_2")

    (incident,) = ingest.incidents()
    assert incident.state == "resolved"
    assert ingest.audited() == ["incident.opened", "incident.resolved"]
    assert ingest.shown.incidents == [incident.id, incident.id]


def test_one_alert_through_two_routes_is_an_incident_of_each_receiver(ingest: Ingest) -> None:
    ingest.receive("ha_firing_1", "continued_firing")
    ingest.receive("continued_resolved")

    assert sorted(row.state for row in ingest.incidents()) == ["firing", "resolved"]


def test_alerts_that_no_rule_claims_are_an_incident_without_questions_and_not_lost(ingest: Ingest) -> None:
    ingest.receive("grouped_firing_5")

    (incident,) = ingest.incidents()
    assert (incident.system, incident.runbook, incident.channel) == ("unrouted", "unrouted", "#unrouted")
    assert (incident.title, incident.severity) == ("No rule for InvoiceSyncLagging", "critical")
    assert ingest.shown.incidents == [incident.id]
    assert ingest.jobs() == []


def test_what_alertmanager_cut_is_kept(ingest: Ingest) -> None:
    ingest.receive("truncated_3_firing")
    ingest.clock.pass_(minutes=1)
    ingest.receive("truncated_4_firing")

    (incident,) = ingest.incidents()
    assert incident.truncated == 4
    assert ingest.shown.incidents == [incident.id, incident.id]


@pytest.mark.parametrize(
    "order",
    [
        ("grouped_firing_5", "grouped_mixed_firing_and_resolved", "grouped_resolved"),
        ("grouped_resolved", "grouped_mixed_firing_and_resolved", "grouped_firing_5"),
        ("grouped_mixed_firing_and_resolved", "grouped_resolved", "grouped_firing_5", "grouped_resolved"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_whatever_order_a_group_is_told_in_it_ends_resolved(
    ingest: Ingest, order: tuple[str, ...], together: bool
) -> None:
    for name in order:
        ingest.clock.pass_(seconds=1)
        if together:
            ingest.store(name)
        else:
            ingest.receive(name)
    ingest.drain()

    (incident,) = ingest.incidents()
    assert incident.state == "resolved"
    assert incident.resolved_at == max(alert.ends_at for alert in ingest.alerts())
    assert [alert.status for alert in ingest.alerts()] == ["resolved"] * 5


def test_a_repeat_hours_later_writes_when_it_was_seen_and_says_nothing(ingest: Ingest) -> None:
    ingest.receive("bot_for_firing")
    shown, changed = list(ingest.shown.incidents), ingest.incidents()[0].changed_at

    ingest.clock.pass_(hours=4)
    ingest.receive("bot_for_firing")

    assert ingest.shown.incidents == shown
    assert ingest.incidents()[0].changed_at == changed
    assert ingest.alerts()[0].seen_at == ingest.clock.now


def test_a_second_alert_waits_for_the_diagnosis_that_has_not_begun_and_orders_one_after_it_has(ingest: Ingest) -> None:
    def with_alerts(number: int) -> dict[str, Any]:
        body = recorded("ha_firing_1")
        alert = body["alerts"][0]
        body["alerts"] = [alert | {"fingerprint": f"{index:016x}"} for index in range(number)]
        return body

    ingest.receive(with_alerts(1), with_alerts(2))
    (incident,) = ingest.incidents()
    assert ingest.jobs() == [f"diagnose:{incident.id}:1"]
    with ingest.database.begin() as conn:
        conn.execute(update(diagnoses).values(started_at=ingest.clock.now))

    ingest.receive(with_alerts(3))

    assert ingest.jobs() == [f"diagnose:{incident.id}:1", f"diagnose:{incident.id}:2"]
    assert ingest.incidents()[0].diagnoses == 2


def test_a_new_start_days_later_is_a_second_episode(ingest: Ingest) -> None:
    ingest.receive("ha_firing_1", "ha_resolved_1")
    later = recorded("ha_firing_1")
    later["alerts"][0]["startsAt"] = "2027-01-05T08:00:00Z"
    ingest.clock.pass_(days=45)

    ingest.receive(later)

    assert [(row.episode, row.state) for row in ingest.incidents()] == [(1, "resolved"), (2, "firing")]


def test_a_start_whose_end_was_never_told_is_kept_as_ended_at_no_known_time(ingest: Ingest) -> None:
    again = recorded("ha_firing_1")
    again["alerts"][0]["startsAt"] = "2026-11-21T20:00:00Z"

    ingest.receive("ha_firing_1", again)

    assert [(alert.status, alert.ends_at) for alert in ingest.alerts()] == [("resolved", None), ("firing", None)]
    assert len(ingest.incidents()) == 1


def test_an_incident_acknowledged_meanwhile_stays_acknowledged(ingest: Ingest) -> None:
    ingest.receive("tenants_firing")
    one, _ = ingest.incidents()
    with ingest.database.begin() as conn:
        conn.execute(
            update(incidents)
            .where(incidents.c.id == one.id)
            .values(acknowledged_by="U1", acknowledged_at=ingest.clock.now)
        )

    ingest.receive("tenants_one_resolved")

    assert ingest.incidents()[0].acknowledged_by == "U1"


# What goes wrong -----------------------------------------------------------------------------------------------


def test_a_delivery_that_cannot_be_folded_is_put_aside_and_holds_nobody_up(ingest: Ingest) -> None:
    poison = ingest.store(b'{"version": "4"}')
    ingest.store("ha_firing_1")

    ingest.drain()

    with ingest.database.read() as conn:
        errors = {row.seq: row.error for row in conn.execute(rows.select())}
    assert "Field required" in str(errors[poison])
    assert [error for seq, error in errors.items() if seq != poison] == [None]
    assert len(ingest.incidents()) == 1
    assert ingest.sample("countersign_deliveries_folded_total", outcome="put_aside") == 1
    assert ingest.sample("countersign_deliveries_folded_total", outcome="folded") == 1


def test_a_text_the_database_refuses_is_put_aside_with_what_it_had_begun(ingest: Ingest) -> None:
    body = recorded("tenants_firing")
    body["alerts"][1]["labels"]["tenant"] = "x\0"
    ingest.store(json.dumps(body).encode())
    ingest.store("ha_firing_1")

    ingest.drain()

    (incident,) = ingest.incidents()
    assert incident.system == "accrue"


def test_an_incident_that_cannot_be_shown_stands_all_the_same(ingest: Ingest) -> None:
    ingest.shown.is_broken = True

    ingest.receive("ha_firing_1")

    assert len(ingest.incidents()) == 1
    assert len(ingest.jobs()) == 1
    assert ingest.audited() == ["incident.opened"]
    assert ingest.sample("countersign_incidents_not_shown_total") == 1


def test_when_the_transaction_fails_nothing_has_happened_and_the_next_turn_does_it(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest.store("ha_firing_1")

    def away(*arguments: object, **named: object) -> None:
        raise Unavailable("database", "it is restarting")

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "folded", away)
        with pytest.raises(Unavailable):
            ingest.fold.turn()
    assert ingest.incidents() == []
    assert ingest.sample("countersign_deliveries_folded_total", outcome="folded") == 0

    ingest.drain()

    assert len(ingest.incidents()) == 1
    assert ingest.audited() == ["incident.opened"]


def test_many_equal_deliveries_are_folded_as_one(ingest: Ingest) -> None:
    for _ in range(40):
        ingest.store("ha_firing_1")

    turn = ingest.fold.turn()

    assert (turn.deliveries, turn.is_done) == (40, True)
    assert ingest.shown.incidents == [ingest.incidents()[0].id]
    assert ingest.sample("countersign_deliveries_folded_total", outcome="folded") == 40


def test_a_backlog_of_different_bodies_is_worked_off_in_short_transactions(ingest: Ingest) -> None:
    body = recorded("grouped_firing_5")
    for number in range(60):
        ingest.store(body | {"groupKey": f"group {number}"})

    turns = 0
    while not ingest.fold.turn().is_done:
        turns += 1

    assert turns > 1
    assert len(ingest.incidents()) == 60


def test_it_looks_by_itself_and_hears_when_it_is_woken(ingest: Ingest) -> None:
    ingest.store("ha_firing_1")
    ingest.fold.start()
    assert eventually(lambda: len(ingest.incidents()) == 1)

    ingest.store("continued_firing")
    ingest.fold.wake(1)

    assert eventually(lambda: len(ingest.incidents()) == 2)
    assert ingest.fold.stop(timedelta(seconds=10))


def test_two_replicas_fold_each_delivery_once(database: Database) -> None:
    one, other = Ingest(database), Ingest(database)
    other.fold.start()
    one.fold.start()

    body = recorded("tenants_firing")
    for number in range(30):
        one.store(body | {"groupKey": f"group {number % 10}"})
        one.fold.wake(1)
        other.fold.wake(1)

    assert eventually(lambda: _backlog(database) == 0)
    assert one.fold.stop(timedelta(seconds=10))
    assert other.fold.stop(timedelta(seconds=10))
    assert len(one.incidents()) == 20
    assert one.audited() == ["incident.opened"] * 20
    assert len(one.jobs()) == 20


def test_a_replica_that_finds_another_at_it_leaves_it_to_that_one(postgresql: PostgreSQL) -> None:
    """Only on PostgreSQL: SQLite has one process, and one writer."""
    with postgresql.fresh() as url, closing(Database(url)) as database:
        ingest = Ingest(database)
        _leave_to_the_other(ingest)


def _leave_to_the_other(ingest: Ingest) -> None:
    ingest.store("ha_firing_1")
    holds, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with ingest.database.begin() as conn:
            assert deliveries.lock(conn)
            holds.set()
            let_go.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(10)

    refused = ingest.fold.turn()
    let_go.set()
    holder.join(10)

    assert (refused.deliveries, refused.is_done) == (0, False)
    assert ingest.fold.turn().deliveries == 1


def _backlog(database: Database) -> int:
    with database.read() as conn:
        return deliveries.backlog(conn).count
