"""Everything that can go wrong at the Accrue host: each event leaves rows and counts, and what mends it mends it."""

import pytest
from sqlalchemy import text

from sandbox.world.accrue.columns import READABLE
from sandbox.world.accrue.events import ROWS
from sandbox.world.accrue.jobs import WORKERS
from tests.kit.loopback import loopback
from tests.kit.waiting import eventually
from tests.kit.world import RunningWorld
from tests.sandbox.world.test_accrue import METRICS, call, owner

EVENTS = {
    "charge_failed", "connect_account_deauthorized", "connect_capability_lost", "connect_payout_failed",
    "customer_projection_sync_failed", "discount_mapping_invalid", "dunning_campaign_started", "dunning_exhaustion",
    "dunning_recovered", "dunning_step_sent", "entitlement_summary_truncated", "events_upcast_failed",
    "incomplete_expired", "meter_reporting_failed", "metered_charge_awaiting_payment_method",
    "metered_charge_failed_exhausted", "metered_missing_definition", "metered_renewal_stale_repaired",
    "pdf_adapter_unavailable", "revenue_loss", "webhook_dlq.dead_lettered", "webhook_dlq.replay",
}  # fmt: skip
"""What the library tells, but for `dunning_exhausted`, which comes along, and `webhook_dlq.prune`."""


def test_every_ops_event_of_the_library_can_be_had() -> None:
    assert {row.event.removeprefix("accrue.ops.") for row in ROWS if row.event} == EVENTS
    counted = {metric for row in ROWS for metric in row.also}
    assert {"accrue_ops_dunning_exhausted_count", "accrue_ops_webhook_dlq_prune_dead_deleted"} <= counted


def test_each_event_is_counted_under_the_name_that_the_library_gives_it(world: RunningWorld) -> None:
    for row in ROWS:
        world.start(row.id, count=2)

    page = loopback.get(f"{world.base}{METRICS}", timeout=20).text
    running = world.scenarios()
    for row in ROWS:
        assert running[row.id]["running"], row.id
        if row.event is not None:
            name = f"{row.event.replace('.', '_')}_count"
            assert world.metric(METRICS, name, **row.labels) == 2, (row.id, page)


@pytest.mark.parametrize(
    ("scenario", "path"),
    [
        ("repair-stale-renewal", "jobs/renewals/run"),
        ("stall-meters", "queues/accrue_meters/resume"),
        ("stall-mail", "queues/accrue_mailers/resume"),
        ("leave-charge-fees", "jobs/charge_fees/run"),
        ("leave-refund-fees", "jobs/refund_fees/run"),
        ("skip-expiring-cards", "jobs/expiring_cards/run"),
    ],
)
def test_what_mends_it_mends_it(world: RunningWorld, env: dict[str, str], scenario: str, path: str) -> None:
    world.start(scenario)

    assert call(env, "POST", path).status_code == 200

    assert eventually(lambda: not world.scenarios()[scenario]["running"], within=20)


def test_a_window_is_settled_again_with_the_charge_unit_it_has(world: RunningWorld, env: dict[str, str]) -> None:
    renewal = world.start("await-payment-method")["metered_renewal_id"]

    answers = [
        call(env, "POST", f"metered_renewals/{renewal}/process", headers={"Idempotency-Key": "once"}).json()
        for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert eventually(lambda: world.effects("accrue", "renewal.charged") != [], within=20)
    with owner(world).connect() as connection:
        rows = connection.execute(
            text("select status from accrue_metered_charge_attempts where metered_renewal_id = :id"), {"id": renewal}
        ).all()
    assert rows == [("paid",)]
    assert len(world.effects("accrue", "renewal.charged")) == 1


def test_what_an_operator_may_not_start_is_not_there(env: dict[str, str]) -> None:
    assert call(env, "POST", "jobs/webhook_pruner/run").status_code == 404
    assert call(env, "POST", f"metered_renewals/{'0' * 8}-0000-4000-8000-{'0' * 12}/process").status_code == 404
    assert call(env, "POST", "metered_renewals/none/process").status_code == 404


def test_no_role_of_the_bots_reads_what_is_private(world: RunningWorld) -> None:
    private = {"raw_body", "data", "email", "name", "card_last4", "fingerprint", "failure_message", "url", "snapshot"}

    assert [(table, name) for table, names in READABLE.items() for name in names if name in private] == []
    assert {worker.queue for worker in WORKERS.values()} <= {
        "accrue_mailers", "accrue_meters", "accrue_reconcilers", "accrue_scheduled",
    }  # fmt: skip
