"""Stripe's program as the shipped rules name it, against the local stand-in: it sends an event again, or says no."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.command import ReleaseCommand
from bot.adapters.files import load
from bot.core.ports import Exit
from bot.demo.stripe_program import write_stripe
from bot.engine.system import CommandResource
from tests.kit.loopback import loopback
from tests.kit.world import RunningWorld, running_world

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture
def program(world: RunningWorld, tmp_path: Path) -> ReleaseCommand:
    world.reset()
    resource = load(rules=ROOT / "rules", runbooks=ROOT / "runbooks").systems["stripe"].resources["cli"]
    assert isinstance(resource, CommandResource)
    path = f"{write_stripe(tmp_path, environment=world.environment())}{os.pathsep}{os.environ['PATH']}"
    return ReleaseCommand(resource.command, name="cli", environ={"PATH": path})


def pending(world: RunningWorld, event: str) -> int:
    env = world.environment()
    headers = {"Authorization": f"Bearer {env['STRIPE_API_KEY']}"}
    return int(loopback.get(f"{env['STRIPE_API_URL']}/v1/events/{event}", headers=headers).json()["pending_webhooks"])


def resend(program: ReleaseCommand, event: str, endpoint: str, key: str = "k") -> Exit:
    return program.run([event, f"--webhook-endpoint={endpoint}", f"--idempotency={key}"], timeout=60)


def test_an_event_that_is_sent_again_reaches_the_host_once_for_each_key(
    world: RunningWorld, program: ReleaseCommand
) -> None:
    broken = world.start("refuse-webhooks", count=1)
    event = broken["event_id"]
    before = pending(world, event)

    ended = [resend(program, event, broken["endpoint_id"], key).code for key in ("a", "a", "b")]

    assert (before, ended, pending(world, event)) == (1, [0, 0, 0], 0)
    received = [each["target"] for each in world.effects("adventive", "webhook.received")]
    assert received == [event, event]
    assert [each["idempotency_key"] for each in world.effects("stripe", "event.resent")] == ["a", "b"]
    assert not world.scenarios()["refuse-webhooks"]["running"]


def test_an_endpoint_that_still_throws_leaves_it_undelivered(world: RunningWorld, program: ReleaseCommand) -> None:
    broken = world.start("refuse-webhooks", count=1)
    world.arm("adventive", "handler_bug", count=1)

    resend(program, broken["event_id"], broken["endpoint_id"])

    assert pending(world, broken["event_id"]) == 1
    assert world.effects("adventive") == []


@pytest.mark.parametrize(
    ("event", "endpoint"), [("evt_none1234", None), (None, "we_none1234")], ids=["event", "endpoint"]
)
def test_what_stripe_does_not_have_is_a_no(
    world: RunningWorld, program: ReleaseCommand, event: str | None, endpoint: str | None
) -> None:
    broken = world.start("refuse-webhooks", count=1)

    ended = resend(program, event or broken["event_id"], endpoint or broken["endpoint_id"])

    assert ended.code == 1
    assert "No such" in ended.output
    assert world.effects() == []
