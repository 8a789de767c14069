"""Aivo: a downgrade wave, and the two switches that stop it."""

from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.kit.loopback import loopback
from tests.kit.waiting import eventually
from tests.kit.world import RunningWorld

METRICS = "/hosts/aivo/payments/internal/metrics"
SKIP = """update dunning_events set completed = true, completed_at = now(), completion_reason = 'EMERGENCY_SKIP'
          where not completed and id = any(:ids)"""
RESTORE = """update dunning_events set completed = false, completed_at = null, completion_reason = null
             where completion_reason = 'EMERGENCY_SKIP' and id = any(:ids)"""


def downgraded(world: RunningWorld) -> float:
    return world.metric(METRICS, "billing_dunning_events_total", stage="day7_downgrade") or 0


def flag(env: dict[str, str], enabled: bool) -> Any:
    return loopback.put(f"{env['AIVO_PAYMENTS_URL']}/internal/flags/dunning", json={"enabled": enabled}).json()


def test_the_wave_passes_the_daily_threshold_and_goes_on(world: RunningWorld) -> None:
    before = downgraded(world)

    world.start("downgrade-wave", count=200, at_once=60, per_second=5)

    assert before == 4, "the counter is there before, so that increase() sees the first ones"
    assert eventually(lambda: downgraded(world) >= before + 60)
    assert eventually(lambda: downgraded(world) >= before + 63)
    assert world.scenarios()["downgrade-wave"]["running"]


def test_a_downgrade_expires_the_subscription_and_keeps_two_modules(world: RunningWorld, env: dict[str, str]) -> None:
    world.start("downgrade-wave", count=1, at_once=1)
    assert eventually(lambda: world.effects("aivo", "subscription.downgraded"))
    subscription = world.effects("aivo", "subscription.downgraded")[0]["target"]
    engine = create_engine(env["AIVO_READ_DSN"])

    with engine.connect() as connection:
        row = connection.execute(
            text(
                """select s.status, array_agg(e.module order by e.module) filter (where e.active) as modules
                   from subscriptions s join billing_accounts a on a.id = s.billing_account_id
                   join entitlements e on e.tenant_id = a.tenant_id where s.id = :id group by s.id"""
            ),
            {"id": subscription},
        ).one()
    engine.dispose()

    assert (row.status, row.modules) == ("EXPIRED", ["ELA", "MATH"])


def test_starting_it_twice_is_one_wave(world: RunningWorld) -> None:
    first = world.start("downgrade-wave", count=100, at_once=0, per_second=1)["pending"]

    second = world.start("downgrade-wave", count=100, at_once=0, per_second=1)["pending"]

    assert second <= first


def test_turning_the_flag_off_stops_the_wave_and_on_lets_it_go(world: RunningWorld, env: dict[str, str]) -> None:
    world.start("downgrade-wave", count=300, at_once=20, per_second=20)
    assert eventually(lambda: downgraded(world) > 24)

    off = flag(env, enabled=False)
    stopped = len(world.effects("aivo", "subscription.downgraded"))
    on_again_at = world.effects("aivo", "dunning.disable")[0]["at"]

    # A beat already under way may finish; after it there is nothing.
    settled = eventually(lambda: _steady(world))
    assert (off["enabled"], settled) == (False, True)
    assert len(world.effects("aivo", "subscription.downgraded")) <= stopped + 20
    assert on_again_at
    assert not world.scenarios()["downgrade-wave"]["running"]
    count = downgraded(world)
    flag(env, enabled=True)
    assert eventually(lambda: downgraded(world) > count)


def _steady(world: RunningWorld) -> bool:
    before = downgraded(world)
    return not eventually(lambda: downgraded(world) > before, within=0.4)


def test_skipping_by_sql_stops_the_wave_and_the_undo_restores_the_rows(
    world: RunningWorld, env: dict[str, str]
) -> None:
    world.start("downgrade-wave", count=300, at_once=0, per_second=2)
    engine = create_engine(env["AIVO_WRITE_DSN"])

    with engine.begin() as connection:
        ids = list(connection.execute(text("select id from dunning_events where not completed for update")).scalars())
        skipped = connection.execute(text(SKIP), {"ids": ids}).rowcount
    running = world.scenarios()["downgrade-wave"]["running"]
    with engine.begin() as connection:
        restored = connection.execute(text(RESTORE), {"ids": ids}).rowcount
    engine.dispose()

    changes = [e for e in world.effects("aivo") if e["action"] in ("dunning.skip", "dunning.restore")]
    assert skipped == restored == len(ids) > 250
    assert not running
    assert [(e["action"], e["detail"]["count"], e["source"]) for e in changes] == [
        ("dunning.skip", len(ids), "sql:countersign_aivo_write"),
        ("dunning.restore", len(ids), "sql:countersign_aivo_write"),
    ]
    assert set(changes[0]["detail"]["ids"]) == {str(row) for row in ids}


def test_the_runbooks_vocabulary_is_exported_when_installed_so(world: RunningWorld) -> None:
    world.set_options(aivo_metrics="seed")

    assert world.metric(METRICS, "billing_dunning_actions_total", action="downgrade") == 4
    assert (world.metric(METRICS, "billing_subscriptions_active") or 0) > 500
    assert world.metric(METRICS, "billing_dunning_events_total") is None


@pytest.mark.parametrize("path", ["dunning/execute", "dunning/recover"])
def test_the_overrides_are_404_upstream(world: RunningWorld, env: dict[str, str], path: str) -> None:
    answer = loopback.post(f"{env['AIVO_PAYMENTS_URL']}/internal/{path}", json={})

    assert (answer.status_code, answer.json()["message"]) == (404, f"Route POST:/internal/{path} not found")


def test_a_subscription_is_downgraded_and_recovered_where_the_overrides_exist(
    world: RunningWorld, env: dict[str, str]
) -> None:
    world.set_options(aivo_dunning_routes=True)
    engine = create_engine(env["AIVO_READ_DSN"])
    with engine.connect() as connection:
        row = connection.execute(
            text(
                """select s.id, a.tenant_id from subscriptions s join billing_accounts a on a.id = s.billing_account_id
                   where s.status = 'ACTIVE' order by s.id limit 1"""
            )
        ).one()
    engine.dispose()
    dunning = f"{env['AIVO_PAYMENTS_URL']}/internal/dunning"

    def entitled() -> Any:
        answer = loopback.get(f"{env['AIVO_ENTITLEMENTS_URL']}/internal/validate/{row.tenant_id}")
        return answer.json()["subscriptionCount"]

    down = loopback.post(f"{dunning}/execute", json={"subscriptionId": str(row.id), "action": "DOWNGRADE_ENTITLEMENTS"})
    between = entitled()
    up = loopback.post(f"{dunning}/recover", json={"subscriptionId": str(row.id)})

    assert (down.json()["status"], between) == ("EXPIRED", 0)
    assert (up.json()["status"], entitled()) == ("ACTIVE", 1)
    assert [e["action"] for e in world.effects("aivo")] == ["subscription.downgraded", "subscription.recovered"]


def test_setting_the_flag_to_what_it_is_is_no_effect(world: RunningWorld, env: dict[str, str]) -> None:
    flag(env, enabled=True)

    assert world.effects("aivo") == []


def test_health_is_static(world: RunningWorld, env: dict[str, str]) -> None:
    for name, url in (
        ("payments-svc", "AIVO_PAYMENTS_URL"),
        ("billing-svc", "AIVO_BILLING_URL"),
        ("entitlements-svc", "AIVO_ENTITLEMENTS_URL"),
    ):
        assert loopback.get(f"{env[url]}/health").json() == {"status": "ok", "service": name}
