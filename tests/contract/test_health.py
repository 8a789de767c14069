"""GET /healthz and /readyz over a real database."""

from pathlib import Path

from bot.metrics.own import Metrics
from bot.metrics.stock import Digest, Stock
from bot.store.database import Database
from bot.web.health import Health, State
from tests.kit.ingest import Ingest, door


def test_a_bot_that_can_work_is_ready(database: Database) -> None:
    with door(Ingest(database)) as client:
        healthz, readyz = client.get("/healthz"), client.get("/readyz")

    assert (healthz.status_code, healthz.json()) == (200, {"status": "ok"})
    assert (readyz.status_code, readyz.json()["status"]) == (200, "ready")
    assert {check["state"] for check in readyz.json()["checks"].values()} == {"ok"}


def test_a_backlog_is_told_and_is_no_reason_to_turn_alerts_away(sqlite_database: Database) -> None:
    ingest = Ingest(sqlite_database)
    ingest.store("ha_firing_1")
    ingest.clock.pass_(minutes=5)

    with door(ingest) as client:
        readyz = client.get("/readyz")

    assert readyz.status_code == 200
    assert readyz.json()["checks"]["fold"] == {
        "state": "warning",
        "message": "deliveries that wait to be folded into incidents: 1, the oldest for 300 s",
    }


def test_a_digest_that_cannot_be_opened_is_a_warning_that_says_why() -> None:
    digest = Digest(dealt_with_at=0.0, failing_for=90.0, failures=2, error="there is no runbook ledger/gone")
    stock = Stock(unfolded=0, fold_lag=0.0, schedules={("ledger", "daily"): digest})
    health = Health(stock=lambda: stock, content=lambda: "r1", findings=lambda: 0, metrics=Metrics())

    check = health.checks()["schedules"]

    assert check.state is State.WARNING
    assert check.message == ("not opened, tried every minute: ledger/daily for 90 s: there is no runbook ledger/gone")


def test_without_a_database_it_is_alive_and_not_ready(tmp_path: Path) -> None:
    ingest = Ingest(Database(f"sqlite:///{tmp_path}/nowhere/countersign.db"))

    with door(ingest) as client:
        healthz, readyz, metrics = client.get("/healthz"), client.get("/readyz"), client.get("/metrics")

    assert healthz.status_code == 200
    assert (readyz.status_code, readyz.json()["status"]) == (503, "not ready")
    assert readyz.json()["checks"]["database"]["state"] == "failed"
    assert "countersign_database_up 0.0" in metrics.text
