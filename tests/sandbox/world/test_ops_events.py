"""Hosts forward their ops events: with identifiers, as docs/hosts asks of real ones, and with nothing private."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.core.event import parse_event
from bot.core.ports import Json
from sandbox.world import WorldSettings, build_world
from sandbox.world.accrue.events import ROWS
from sandbox.world.accrue.host import FORWARDED
from sandbox.world.adventive.asked import WISHES
from tests.kit.waiting import eventually
from tests.kit.world import RunningWorld, serving

DOCUMENT = Path(__file__).parents[3] / "docs/hosts/accrue.md"
TOKEN = "the-bots-token"


class Listener:
    """Where events are taken: the first answer of all is that nobody can work now."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._refusals = 1
        self.seen: list[dict[str, Json]] = []

    async def take(self, request: Request) -> Response:
        body = await request.body()
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        parse_event(body)
        with self._lock:
            if self._refusals:
                self._refusals -= 1
                return Response(status_code=503)
            self.seen.append(json.loads(body))
        return Response(status_code=200)

    def of(self, event: str) -> list[dict[str, Json]]:
        with self._lock:
            return [each["metadata"] for each in self.seen if each["event"] == event]  # type: ignore[misc]  # a mapping


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="module")
def telling(listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    """A world whose hosts know somebody to tell."""
    with serving(Starlette(routes=[Route("/ops-events", listener.take, methods=["POST"])])) as base:
        settings = WorldSettings(
            state_dir=tmp_path_factory.mktemp("telling"),
            beat=0.1,
            ops_events_url=f"{base}/ops-events",
            ops_events_token=SecretStr(TOKEN),
        )
        world = build_world(settings)
        try:
            world.start()
            with serving(Starlette(routes=world.routes)) as address:
                yield RunningWorld(base=address, world=world)
        finally:
            world.stop()


def test_each_dead_webhook_is_told_by_its_ids_also_where_nobody_could_take_it_at_first(
    telling: RunningWorld, listener: Listener
) -> None:
    broken = telling.start("dead-letter-webhooks", count=2)

    assert eventually(lambda: len(listener.of("accrue.ops.webhook_dlq.dead_lettered")) == 2)
    told = listener.of("accrue.ops.webhook_dlq.dead_lettered")
    assert {each["event_id"] for each in told} == {*broken["event_ids"]}
    assert {each["processor_event_id"] for each in told} == {*broken["processor_event_ids"]}


def test_an_event_is_told_with_what_it_concerns_and_nothing_private(telling: RunningWorld, listener: Listener) -> None:
    rows = [row for row in ROWS if row.event in FORWARDED]
    touched = {row.id: telling.start(row.id) for row in rows}

    assert eventually(lambda: {row.event for row in rows} <= {str(each["event"]) for each in listener.seen})
    for row in rows:
        wanted = {**row.labels, **touched[row.id]}
        assert any(wanted.items() <= each.items() for each in listener.of(str(row.event))), row.id
    assert telling.leaked(json.dumps(listener.seen)) == []


def test_what_somebody_asks_for_is_told_with_what_it_concerns(telling: RunningWorld, listener: Listener) -> None:
    touched = {wish.event: telling.start(wish.id) for wish in WISHES}

    assert eventually(lambda: touched.keys() <= {str(each["event"]) for each in listener.seen})
    assert {event: listener.of(event) for event in touched} == {event: [each] for event, each in touched.items()}
    assert telling.leaked(json.dumps(listener.seen)) == []
    lit = {name for name, each in telling.scenarios().items() if each["running"]}
    assert {wish.id for wish in WISHES} <= lit


def test_what_comes_in_numbers_is_left_to_its_alert(telling: RunningWorld, listener: Listener) -> None:
    telling.start("fail-charges")
    telling.start("fail-payout")

    assert eventually(lambda: len(listener.of("accrue.ops.connect_payout_failed")) >= 1)
    assert listener.of("accrue.ops.charge_failed") == []


def test_the_demonstration_forwards_what_the_document_asks_a_host_to_forward() -> None:
    block = DOCUMENT.read_text().partition("@events [")[2].partition("\n  ]\n")[0]
    named = [*re.findall(r"\[:accrue, :ops, ([^\]]*)\]", block)]
    listed = re.findall(r"~w\(([^)]*)\)a", block)[0].split()

    tuples = {"accrue.ops." + each.replace(":", "").replace(", ", ".") for each in named if "name" not in each}
    assert tuples | {f"accrue.ops.{name}" for name in listed} == FORWARDED
