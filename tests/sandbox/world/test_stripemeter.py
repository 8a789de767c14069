"""StripeMeter: its errors word for word, drift that a replay removes, and the traps of its summary."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.kit.loopback import loopback
from tests.kit.waiting import eventually
from tests.kit.world import RunningWorld

WORKER = "/hosts/stripemeter-worker/metrics"


def call(env: dict[str, str], verb: str, path: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {"x-api-key": env["STRIPEMETER_API_KEY"]})
    return loopback.request(verb, f"{env['STRIPEMETER_URL']}{path}", headers=headers, timeout=20, **more)


def replay(env: dict[str, str], mode: str, **more: Any) -> httpx.Response:
    body = {"tenantId": env["STRIPEMETER_TENANT"], "metrics": ["requests"], "since": "-PT24H", "until": "now"}
    return call(env, "POST", "/v1/replay", json={**body, "mode": mode, **more})


def drift(world: RunningWorld, item: str) -> float:
    return world.metric(WORKER, "reconciliation_diff_pct", subscription_item=item) or 0.0


def test_in_peace_every_item_agrees_with_stripe(world: RunningWorld) -> None:
    assert eventually(lambda: world.metric(WORKER, "recon_runs_total"))
    assert world.metric(WORKER, "reconciliation_diff_pct") == 0
    assert world.metric(WORKER, "reaggregations_total") is None


def test_the_scenario_moves_one_items_gauge_to_three_percent(world: RunningWorld, env: dict[str, str]) -> None:
    details = world.start("usage-drift")

    labels = {
        "tenant": env["STRIPEMETER_TENANT"],
        "subscription_item": details["subscription_item"],
        "period": details["period"],
    }
    assert world.metric(WORKER, "reconciliation_diff_pct", **labels) == pytest.approx(0.03, rel=1e-3)
    assert (world.metric(WORKER, "reconciliation_diff_abs", **labels) or 0) > 1.0
    assert world.scenarios()["usage-drift"]["running"]


def test_starting_it_twice_does_not_make_it_worse(world: RunningWorld) -> None:
    item = world.start("usage-drift")["subscription_item"]
    before = drift(world, item)

    world.start("usage-drift")

    assert drift(world, item) == before


def test_a_dry_run_tells_the_change_and_changes_nothing(world: RunningWorld, env: dict[str, str]) -> None:
    item = world.start("usage-drift")["subscription_item"]

    answer = replay(env, "dry-run").json()

    assert answer["changes"]["requests"]["lateEvents"] == 12
    assert answer["changes"]["requests"]["counterDelta"] > 0
    assert "applied" not in answer
    assert world.effects("stripemeter") == []
    call(env, "POST", "/v1/reconciliation/run", json={"tenantId": env["STRIPEMETER_TENANT"]})
    assert drift(world, item) == pytest.approx(0.03, rel=1e-3)


def test_an_applied_replay_brings_the_gauge_down_at_the_next_reconciliation(
    world: RunningWorld, env: dict[str, str]
) -> None:
    item = world.start("usage-drift")["subscription_item"]

    answer = replay(env, "apply").json()
    queued = call(env, "POST", "/v1/reconciliation/run", json={"tenantId": env["STRIPEMETER_TENANT"]})

    assert answer["applied"] is True
    assert queued.status_code == 202
    assert eventually(lambda: drift(world, item) == 0)
    assert not world.scenarios()["usage-drift"]["running"]
    assert world.metric(WORKER, "reaggregations_total", reason="late_event") == 1
    assert [e["action"] for e in world.effects("stripemeter")] == ["replay.apply", "reconciliation.run"]


def test_a_second_apply_finds_nothing_left(world: RunningWorld, env: dict[str, str]) -> None:
    world.start("usage-drift")
    replay(env, "apply")

    assert replay(env, "apply").json()["summary"] == {"lateEvents": 0, "counterDelta": 0}


def test_a_window_too_narrow_leaves_the_drift(world: RunningWorld, env: dict[str, str]) -> None:
    item = world.start("usage-drift", hours_late=6)["subscription_item"]

    replay(env, "apply", since="-PT1H")
    call(env, "POST", "/v1/reconciliation/run", json={"tenantId": env["STRIPEMETER_TENANT"]})

    assert drift(world, item) == pytest.approx(0.03, rel=1e-3)


def test_where_replay_is_not_installed_the_404_is_that_of_an_unknown_route(
    world: RunningWorld, env: dict[str, str]
) -> None:
    world.set_options(stripemeter_replay=False)

    answer = replay(env, "dry-run")

    assert answer.status_code == 404
    assert answer.json() == {"message": "Route POST:/v1/replay not found", "error": "Not Found", "statusCode": 404}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({}, {"error": "Missing API key"}, id="none"),
        pytest.param({"x-api-key": "nodot"}, {"error": "Invalid API key format"}, id="no dot"),
        pytest.param({"Authorization": "Bearer smk_sandbox.wrong"}, {"error": "Invalid API key"}, id="wrong"),
    ],
)
def test_keys_are_refused_in_its_own_words(
    world: RunningWorld, env: dict[str, str], headers: dict[str, str], body: dict[str, str]
) -> None:
    answers = [call(env, "GET", path, headers=headers) for path in ("/v1/adjustments", "/v1/nowhere")]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(401, body)] * 2


def test_another_tenant_is_refused(world: RunningWorld, env: dict[str, str]) -> None:
    answer = replay(env, "dry-run", tenantId=str(uuid4()))

    assert (answer.status_code, answer.json()) == (403, {"error": "Mismatched tenantId"})


def test_readiness_is_503_when_degraded_and_the_summary_then_lies(world: RunningWorld, env: dict[str, str]) -> None:
    world.start("usage-drift")
    month = f"tenantId={env['STRIPEMETER_TENANT']}&periodStart=2020-01&periodEnd=2030-01"
    honest = call(env, "GET", f"/v1/reconciliation/summary?{month}").json()
    world.arm("stripemeter", "database", seconds=60)

    ready = call(env, "GET", "/health/ready", headers={})
    summary = call(env, "GET", f"/v1/reconciliation/summary?{month}")

    assert (ready.status_code, ready.json()["status"]) == (503, "degraded")
    assert (summary.status_code, summary.json()["perMetric"], summary.json()["overall"]["drift_abs"]) == (200, [], 0)
    assert honest["overall"]["drift_abs"] > 0


def test_the_summary_needs_its_periods(world: RunningWorld, env: dict[str, str]) -> None:
    answer = call(env, "GET", f"/v1/reconciliation/summary?tenantId={env['STRIPEMETER_TENANT']}&metric=requests")

    assert (answer.status_code, answer.json()["error"]) == (400, "Validation Error")


def test_each_run_with_drift_adds_another_set_of_suggestions(world: RunningWorld, env: dict[str, str]) -> None:
    world.start("usage-drift")
    pending = f"/v1/adjustments?tenantId={env['STRIPEMETER_TENANT']}&status=pending"
    first = len(call(env, "GET", pending).json()["adjustments"])

    call(env, "POST", "/v1/reconciliation/run", json={"tenantId": env["STRIPEMETER_TENANT"]})

    assert first in (12, 24)  # it runs by itself, too
    assert eventually(lambda: len(call(env, "GET", pending).json()["adjustments"]) >= first + 12)


def test_an_adjustment_counts_once_approved_and_not_after_revert(world: RunningWorld, env: dict[str, str]) -> None:
    tenant = {"tenantId": env["STRIPEMETER_TENANT"]}
    period = world.start("usage-drift", metric="exports")["period"]
    body = {
        **tenant,
        "metric": "seats",
        "customerRef": "team-001",
        "periodStart": period,
        "delta": 9000,
        "reason": "correction",
        "requestId": "r-1",
    }

    created = call(env, "POST", "/v1/adjustments", json=body)
    listed = call(env, "GET", f"/v1/adjustments?tenantId={env['STRIPEMETER_TENANT']}&metric=seats").json()[
        "adjustments"
    ]
    path = f"/v1/adjustments/{listed[0]['id']}"
    approved = [call(env, "POST", f"{path}/approve", json=tenant).json() for _ in range(2)]
    reverted = [call(env, "POST", f"{path}/revert", json=tenant) for _ in range(2)]

    assert (created.status_code, created.json()) == (201, {"ok": True})
    assert listed[0]["requestId"] == "r-1"
    assert approved == [{"ok": True}, {"ok": True, "already": True}]
    assert [answer.status_code for answer in reverted] == [200, 400]
    assert [e["action"] for e in world.effects("stripemeter")] == [
        "adjustment.create",
        "adjustment.approve",
        "adjustment.revert",
    ]


def test_a_backfill_skips_known_events_and_counts_what_was_late(world: RunningWorld, env: dict[str, str]) -> None:
    details = world.start("usage-drift")
    event = {
        "customerRef": "team-001",
        "quantity": 0.000001,
        "ts": f"{details['period']}T00:00:00Z",
        "idempotencyKey": "b-1",
    }
    body = {
        "tenantId": env["STRIPEMETER_TENANT"],
        "metric": "requests",
        "periodStart": details["period"],
        "events": [event, event],
        "reason": "late",
    }

    answer = call(env, "POST", "/v1/events/backfill", json=body)
    call(env, "POST", "/v1/reconciliation/run", json={"tenantId": env["STRIPEMETER_TENANT"]})

    assert answer.json()["status"] == "pending"
    assert eventually(lambda: drift(world, details["subscription_item"]) < 0.005)
