"""POST /ops-events: answered once committed, folded like a webhook, one incident with the alert of the same event."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from bot.core.errors import Unavailable
from bot.engine.catalog import Catalog, parse
from bot.store.database import Database
from tests.kit.ingest import TOKEN, Ingest, door
from tests.kit.samples import ALERTS, good

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def shop() -> Catalog:
    files = {name: text for name, text in good().items() if name != ALERTS}
    return parse(files).catalog


@pytest.fixture
def ingest(database: Database) -> Ingest:
    return Ingest(database, catalog=shop())


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "event": "[:shop, :orders, :late]",
        "measurements": {"count": 1},
        "metadata": {"region": "de", "order_id": f"or_{number}", "email": "ana@example.com"},
        "occurred_at": "2026-11-20T11:59:00Z",
        **changes,
    }


def alert(status: str = "firing", *, starts_at: str = "2026-11-20T12:00:00Z", **labels: str) -> dict[str, Any]:
    said = {"alertname": "OrdersLate", "system": "shop", "ops_event": "shop.orders.late", "region": "de", **labels}
    ends_at = "2026-11-20T12:30:00Z" if status == "resolved" else "0001-01-01T00:00:00Z"
    told = {"status": status, "labels": {"severity": "critical", **said}, "startsAt": starts_at, "endsAt": ends_at}
    return {
        "version": "4",
        "receiver": "countersign",
        "status": status,
        "groupKey": "{}:{shop}",
        "alerts": [{**told, "annotations": {}, "fingerprint": "f1"}],
    }


def send(ingest: Ingest, said: dict[str, Any]) -> None:
    with door(ingest) as client:
        assert client.post("/ops-events", json=said, headers=BEARER).status_code == 200
    ingest.drain()


def test_an_event_is_answered_with_its_number_and_becomes_an_incident_that_is_diagnosed(ingest: Ingest) -> None:
    with door(ingest) as client:
        answer = client.post("/ops-events", json=event(), headers=BEARER)
    ingest.drain()

    assert (answer.status_code, answer.json()) == (200, {"delivery": 1})
    (incident,) = ingest.incidents()
    assert (incident.origin, incident.state, incident.event) == ("ops-events", "firing", "shop.orders.late")
    assert incident.metadata == {"region": "de"}  # what the runbook reads, and nothing else
    assert ingest.jobs() == [f"diagnose:{incident.id}:1"]
    assert ingest.audited() == ["incident.opened"]


@pytest.mark.parametrize(
    ("said", "status", "word"),
    [
        pytest.param({"event": "late"}, 400, "malformed", id="no-event"),
        pytest.param({"occurred_at": "yesterday"}, 400, "malformed", id="no-moment"),
        pytest.param({"occurred_at": "2026-11-20T11:59:00"}, 400, "malformed", id="no-zone"),
        pytest.param({"metadata": ["a"]}, 400, "malformed", id="no-mapping"),
        pytest.param({"metadata": {"region": "d\0e"}}, 400, "malformed", id="nul"),
        pytest.param({"metadata": {"x": "y" * 3_000_000}}, 413, "too_large", id="too-large"),
    ],
)
def test_what_is_no_event_is_refused_and_not_stored(
    ingest: Ingest, said: dict[str, Any], status: int, word: str
) -> None:
    with door(ingest) as client:
        answer = client.post("/ops-events", json=event(**said), headers=BEARER)
    ingest.drain()

    assert (answer.status_code, answer.json()["error"]) == (status, word)
    assert "ana@example.com" not in answer.text
    assert ingest.incidents() == []


def test_who_has_no_secret_is_refused_and_a_signature_is_one(ingest: Ingest) -> None:
    body = json.dumps(event()).encode()
    signature = hmac.new(b"example-secret", body, hashlib.sha256).hexdigest()
    with door(ingest, token=None, signing_secret="example-secret") as client:
        headers = {"Content-Type": "application/json"}
        unsigned = client.post("/ops-events", content=body, headers=headers)
        signed = client.post(
            "/ops-events", content=body, headers={**headers, "X-Grafana-Alerting-Signature": signature}
        )

    assert (unsigned.status_code, signed.status_code) == (401, 200)


def test_while_the_database_is_away_nothing_is_promised(ingest: Ingest) -> None:
    def away(_: object) -> Any:
        raise Unavailable("database", "gone")

    with door(ingest, write=away) as client:
        answer = client.post("/ops-events", json=event(), headers=BEARER)

    assert (answer.status_code, answer.json()["error"]) == (503, "database")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("changes", [{}, {"id": "ev-1"}], ids=["by-what-it-says", "by-its-id"])
def test_an_event_that_is_sent_again_changes_nothing(ingest: Ingest, changes: dict[str, Any]) -> None:
    send(ingest, event(**changes))
    ingest.clock.pass_(hours=3)
    if changes:
        changes = {**changes, "occurred_at": "2026-11-20T13:00:00Z"}  # a host that says when it was sent

    send(ingest, event(**changes))

    (incident,) = ingest.incidents()
    assert len(ingest.alerts()) == 1
    assert ingest.audited() == ["incident.opened"]
    assert ingest.shown.incidents == [incident.id]


def test_many_events_of_one_name_are_one_incident_with_what_they_have_in_common(ingest: Ingest) -> None:
    for number in (1, 2, 3):
        send(ingest, event(number))
    send(ingest, event(4, metadata={"region": "fr"}))

    de, fr = ingest.incidents()
    assert (de.metadata, fr.metadata) == ({"region": "de"}, {"region": "fr"})
    assert len(ingest.jobs()) == 2  # the same identifiers are looked into once


@pytest.mark.parametrize("first", ["event", "alert"])
def test_the_event_and_its_alert_are_one_incident_whichever_comes_first(ingest: Ingest, first: str) -> None:
    for what in (first, "alert" if first == "event" else "event"):
        if what == "event":
            send(ingest, event())
        else:
            ingest.receive(alert())
        ingest.clock.pass_(minutes=1)
    ingest.receive(alert())  # its repeats find it, too
    (incident,) = ingest.incidents()
    assert (incident.state, incident.severity, incident.origin) == ("firing", "critical", "alertmanager")
    assert incident.metadata == {"region": "de"}
    assert incident.labels["alertname"] == "OrdersLate"

    ingest.receive(alert("resolved"))

    (incident,) = ingest.incidents()
    assert incident.state == "resolved"
    assert ingest.audited().count("incident.opened") == 1
    assert ingest.audited().count("incident.resolved") == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"region": "fr"}, "another region", id="another-split"),
        pytest.param({"starts_at": "2026-11-20T14:00:00Z"}, "two hours later", id="much-later"),
        pytest.param({"ops_event": "shop.orders.lost", "alertname": "OrdersLost"}, "another event", id="another-event"),
    ],
)
def test_an_alert_of_something_else_is_an_incident_of_its_own(
    ingest: Ingest, changes: dict[str, str], why: str
) -> None:
    send(ingest, event())

    ingest.receive(alert(**changes))

    assert len(ingest.incidents()) == 2, why


def test_an_event_that_no_rule_takes_is_shown_and_not_lost(ingest: Ingest) -> None:
    send(ingest, event(event="market.stalls.closed"))

    (incident,) = ingest.incidents()
    assert (incident.system, incident.channel, incident.title) == (
        "unrouted", "#unrouted", "No rule for market.stalls.closed",
    )  # fmt: skip
    assert ingest.jobs() == []
