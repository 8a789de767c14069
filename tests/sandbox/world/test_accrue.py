"""The Accrue host: dead letters, and the endpoint that puts them back."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from tests.kit.loopback import loopback
from tests.kit.waiting import eventually
from tests.kit.world import RunningWorld

METRICS = "/hosts/accrue/metrics"
DEAD = "accrue_ops_webhook_dlq_dead_lettered_count"
REPLAYED = "accrue_ops_webhook_dlq_replay_count"


def call(env: dict[str, str], verb: str, path: str, **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {env['ACCRUE_TOKEN']}", **more.pop("headers", {})}
    return loopback.request(verb, f"{env['ACCRUE_URL']}/internal/accrue/{path}", headers=headers, timeout=20, **more)


def replay(env: dict[str, str], event_id: str, **headers: str) -> httpx.Response:
    return call(env, "POST", "dlq/replay", json={"event_id": event_id}, headers=headers)


def status(env: dict[str, str], event_id: str) -> str:
    return str(call(env, "GET", f"dlq/events/{event_id}").json()["status"])


def owner(world: RunningWorld) -> Engine:
    system = next(s for s in world.world._systems if type(s).__name__ == "Accrue")
    engine: Engine = system._host.engine  # type: ignore[attr-defined]  # the owner sees what no role may
    return engine


def test_counters_appear_with_their_first_event(world: RunningWorld) -> None:
    before = world.metric(METRICS, DEAD)

    world.start("dead-letter-webhooks")

    assert before is None
    assert world.metric(METRICS, DEAD) == 3
    assert world.metric(METRICS, f"{DEAD}_total") is None


def test_a_dead_letter_is_a_row_a_discarded_job_with_its_error_and_a_stripe_event(
    world: RunningWorld, env: dict[str, str]
) -> None:
    details = world.start("dead-letter-webhooks", count=1)

    with owner(world).connect() as connection:
        row = connection.execute(
            text(
                """select e.status, e.processor_event_id, j.state, j.attempt, j.max_attempts,
                          j.errors[array_upper(j.errors, 1)]->>'error' as error
                   from accrue_webhook_events e
                   join oban_jobs j on j.args->>'webhook_event_id' = cast(e.id as text) where e.id = :id"""
            ),
            {"id": details["event_ids"][0]},
        ).one()
    stripe_event = loopback.get(
        f"{env['STRIPE_API_URL']}/v1/events/{row.processor_event_id}",
        headers={"Authorization": f"Bearer {env['STRIPE_API_KEY']}"},
    ).json()

    assert (row.status, row.state, row.attempt, row.max_attempts) == ("dead", "discarded", 25, 25)
    assert "FunctionClauseError" in row.error
    assert "@example.com" in row.error, "errors quote private data, which the bot must mask"
    assert stripe_event["type"] == details["type"]


def test_a_replayed_event_is_dispatched_and_succeeds(world: RunningWorld, env: dict[str, str]) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]

    answer = replay(env, event_id, **{"Idempotency-Key": "req-1"})

    assert answer.json()["status"] == "requeued"
    assert eventually(lambda: status(env, event_id) == "succeeded")
    assert world.metric(METRICS, REPLAYED) == 1
    assert not world.scenarios()["dead-letter-webhooks"]["running"]
    assert [(e["action"], e["target"], e["source"], e["idempotency_key"]) for e in world.effects("accrue")] == [
        ("webhook.requeued", event_id, "http", "req-1"),
        ("webhook.dispatched", event_id, "worker", None),
    ]


def test_while_the_handler_is_broken_a_replayed_event_dies_again(world: RunningWorld, env: dict[str, str]) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]
    world.arm("accrue", "handler_bug", seconds=60)

    replay(env, event_id)

    assert eventually(lambda: world.metric(METRICS, DEAD) == 2)
    assert status(env, event_id) == "dead"


@pytest.mark.parametrize("again", ["after it succeeded", "while its job waits"])
def test_a_live_event_is_not_replayed(world: RunningWorld, env: dict[str, str], again: str) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]
    if again == "while its job waits":
        call(env, "POST", "queues/accrue_webhooks/pause")
        replay(env, event_id)
        with owner(world).begin() as connection:  # a failed row that Oban will try once more
            connection.execute(
                text("update accrue_webhook_events set status = 'failed' where id = :id"), {"id": event_id}
            )
    else:
        replay(env, event_id)
        assert eventually(lambda: status(env, event_id) == "succeeded")

    answer = replay(env, event_id)

    reason = "live_job" if again == "while its job waits" else "not_dead_lettered"
    assert (answer.status_code, answer.json()["error"]) == (409, reason)
    assert len(world.effects("accrue", "webhook.requeued")) == 1


@pytest.mark.parametrize(
    ("event_id", "expected"), [pytest.param(str(uuid4()), 404, id="unknown"), pytest.param("evt_1", 422, id="no uuid")]
)
def test_what_cannot_be_replayed_is_said(
    world: RunningWorld, env: dict[str, str], event_id: str, expected: int
) -> None:
    assert replay(env, event_id).status_code == expected


def test_without_the_token_nothing_is_answered(world: RunningWorld, env: dict[str, str]) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]

    answers = [
        loopback.post(f"{env['ACCRUE_URL']}/internal/accrue/dlq/replay", json={"event_id": event_id}, headers=headers)
        for headers in ({}, {"Authorization": "Bearer wrong"})
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert world.effects("accrue") == []


def test_a_dry_run_counts_and_changes_nothing(world: RunningWorld, env: dict[str, str]) -> None:
    details = world.start("dead-letter-webhooks")
    body = {"type": details["type"], "since": "2020-01-01T00:00:00Z", "dry_run": True}

    answer = call(env, "POST", "dlq/bulk_replay", json=body).json()

    assert (answer["would_requeue"], answer["requeued"], answer["skipped"]) == (3, 0, 0)
    assert set(answer["event_ids"]) == set(details["event_ids"])
    assert world.effects("accrue") == []
    assert world.metric(METRICS, REPLAYED) is None


def test_a_bulk_replay_takes_the_named_events_and_skips_those_no_longer_dead(
    world: RunningWorld, env: dict[str, str]
) -> None:
    ids = world.start("dead-letter-webhooks", count=4)["event_ids"]
    replay(env, ids[0])
    assert eventually(lambda: status(env, ids[0]) == "succeeded")

    answer = call(env, "POST", "dlq/bulk_replay", json={"dry_run": False, "event_ids": ids[:3]}).json()

    assert (answer["requeued"], answer["skipped"]) == (2, 1)
    assert eventually(lambda: [status(env, event_id) for event_id in ids] == ["succeeded"] * 3 + ["dead"])


def test_a_dry_run_leaves_out_what_already_has_a_live_job(world: RunningWorld, env: dict[str, str]) -> None:
    ids = world.start("dead-letter-webhooks", count=2)["event_ids"]
    call(env, "POST", "queues/accrue_webhooks/pause")
    replay(env, ids[0])
    with owner(world).begin() as connection:
        connection.execute(text("update accrue_webhook_events set status = 'failed' where id = :id"), {"id": ids[0]})

    answer = call(env, "POST", "dlq/bulk_replay", json={"dry_run": True, "event_ids": ids}).json()

    assert (answer["would_requeue"], answer["event_ids"]) == (1, [ids[1]])


def test_a_window_that_ends_before_the_events_finds_none(world: RunningWorld, env: dict[str, str]) -> None:
    world.start("dead-letter-webhooks")

    answer = call(env, "POST", "dlq/bulk_replay", json={"dry_run": True, "until": "2020-01-01T00:00:00Z"})

    assert answer.json()["would_requeue"] == 0


def test_a_repeated_key_gets_the_stored_reply_and_no_second_effect(world: RunningWorld, env: dict[str, str]) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]

    first, second = (replay(env, event_id, **{"Idempotency-Key": "same"}) for _ in range(2))
    other = call(env, "POST", "dlq/replay", json={"event_id": str(uuid4())}, headers={"Idempotency-Key": "same"})

    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")
    assert len(world.effects("accrue", "webhook.requeued")) == 1


def test_twenty_at_once_requeue_an_event_once(world: RunningWorld, env: dict[str, str]) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]
    call(env, "POST", "queues/accrue_webhooks/pause")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: replay(env, event_id).status_code, range(20)))

    assert sorted(answers) == [200] + [409] * 19
    assert len(world.effects("accrue", "webhook.requeued")) == 1


def test_a_lost_reply_took_effect_and_is_found_again_by_its_key(world: RunningWorld, env: dict[str, str]) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]
    world.arm("accrue", "lost_reply", count=1)

    with pytest.raises(httpx.TimeoutException):
        loopback.post(
            f"{env['ACCRUE_URL']}/internal/accrue/dlq/replay",
            json={"event_id": event_id},
            headers={"Authorization": f"Bearer {env['ACCRUE_TOKEN']}", "Idempotency-Key": "lost"},
            timeout=5,
        )
    found = call(env, "GET", "dlq/requests/lost").json()
    again = replay(env, event_id, **{"Idempotency-Key": "lost"})

    assert found["status"] == 200
    assert again.json() == found["reply"]
    assert len(world.effects("accrue", "webhook.requeued")) == 1


def test_a_paused_queue_keeps_its_jobs_and_runs_them_when_resumed(world: RunningWorld, env: dict[str, str]) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]
    call(env, "POST", "queues/accrue_webhooks/pause")
    replay(env, event_id)

    waiting = call(env, "GET", f"dlq/events/{event_id}").json()
    call(env, "POST", "queues/accrue_webhooks/resume")

    assert (waiting["status"], waiting["live_job"]) == ("received", True)
    assert eventually(lambda: status(env, event_id) == "succeeded")


def test_the_ledger_is_append_only_and_keeps_only_the_first_replay_of_an_event(
    world: RunningWorld, env: dict[str, str]
) -> None:
    event_id = world.start("dead-letter-webhooks", count=1)["event_ids"][0]
    world.arm("accrue", "handler_bug", count=1)
    replay(env, event_id)
    assert eventually(lambda: world.metric(METRICS, DEAD) == 2)
    replay(env, event_id)

    with owner(world).connect() as connection:
        rows = connection.execute(text("select count(*) from accrue_events where type = 'webhook.replay_requested'"))
        count = rows.scalar_one()
        with pytest.raises(DBAPIError, match="append-only") as raised:
            connection.execute(text("delete from accrue_events"))

    assert count == 1
    assert raised.value.orig is not None
    assert getattr(raised.value.orig, "sqlstate", None) == "45A01"


def test_the_release_command_replays_over_the_other_transport(world: RunningWorld, env: dict[str, str]) -> None:
    ids = world.start("dead-letter-webhooks", count=2)["event_ids"]

    def run(*arguments: str) -> tuple[int, Any]:
        command = [sys.executable, "-m", "sandbox.world.accrue_release", *arguments]
        done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    dry = run("bulk-replay", "--type", "customer.subscription.updated", "--since", "2020-01-01T00:00:00Z", "--dry-run")
    one = run("replay", ids[0])
    refused = run("replay", str(uuid4()))

    assert (dry[0], dry[1]["would_requeue"]) == (0, 2)
    assert (one[0], one[1]["status"]) == (0, "requeued")
    assert (refused[0], refused[1]["error"]) == (1, "not_found")
    assert [e["source"] for e in world.effects("accrue", "webhook.requeued")] == ["release"]


def test_the_sql_exporter_counts_what_is_dead(world: RunningWorld) -> None:
    world.start("dead-letter-webhooks", count=5)

    assert world.metric("/hosts/accrue/exporter/metrics", "accrue_sql_webhooks_dead") == 5
