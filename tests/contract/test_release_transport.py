"""Accrue's replay by its release command, as the shipped runbook has it: from the question to the verified effect."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot.adapters.files import load
from bot.adapters.resources import Connections
from bot.core.ports import Resources
from bot.engine import execution
from bot.engine.system import System
from bot.store.database import Database
from bot.store.tables import incidents
from tests.kit.trust import APPROVER, INCIDENT_ROW, SYSTEM, Files, Office
from tests.kit.waiting import eventually
from tests.kit.world import RunningWorld, running_world

ROOT = Path(__file__).parents[2]
NAME = "accrue/webhook-dead-lettered"


class Accrues(Office):
    """The office over a real Accrue host, by the machine's own clock."""

    connections: Connections

    def contents(self, revision: str) -> Files:
        return Files(systems={"accrue": self.system}, runbooks={NAME: self.runbook})

    def resources(self, system: System) -> Resources:
        return self.connections.of(system)


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


def test_a_dead_webhook_is_replayed_by_the_release_command_once_it_is_approved(
    world: RunningWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    dead = world.start("dead-letter-webhooks", count=1)
    [event] = dead["event_ids"]
    with closing(connected(world)) as connections:
        office = accrues(sqlite_database, connections, command(world, tmp_path))

        request_id = office.ask("replay-by-release", inputs={"event": event})
        office.approve(request_id, APPROVER)

        def stands() -> execution.State | None:
            office.at = datetime.now(UTC)
            office.pass_time(timedelta(seconds=6))
            found = office.execution(request_id)
            return found.state if found else None

        assert eventually(lambda: stands() is execution.State.VERIFIED), office.execution(request_id)

    [requeued] = world.effects("accrue", "webhook.requeued")
    assert (requeued["target"], requeued["source"]) == (event, "release")
    assert office.kinds().count("deed.succeeded") == 1


def connected(world: RunningWorld) -> Connections:
    return Connections({**world.environment(), "ACCRUE_RELEASE_COMMAND": "1"})


def command(world: RunningWorld, folder: Path) -> Path:
    """`bin/billing-host`, which knows its node by itself: the bot passes it no secret."""
    environment = world.environment()
    names = ("ACCRUE_URL", "ACCRUE_TOKEN")
    program = folder / "billing-host"
    exports = [f"export {name}={shlex.quote(environment[name])}" for name in names]
    start = f'cd {shlex.quote(str(ROOT))} && exec {shlex.quote(sys.executable)} -m sandbox.world.accrue_release "$@"'
    program.write_text("\n".join(["#!/bin/sh", *exports, start, ""]))
    program.chmod(0o700)
    return program


def accrues(database: Database, connections: Connections, program: Path) -> Accrues:
    shipped = load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")
    accrue = shipped.systems["accrue"]
    release = accrue.resources["release"].model_copy(update={"command": (str(program),)})
    system = accrue.model_copy(
        update={
            "options": {**accrue.options, "replay_transport": "release"},
            "resources": {**accrue.resources, "release": release},
            "approvers": SYSTEM.approvers,
        }
    )
    office = Accrues(database=database, runbook=shipped.runbooks[NAME], system=system)
    office.connections = connections
    office.at = datetime.now(UTC)
    row = {**INCIDENT_ROW, "system": "accrue", "event": "accrue.ops.webhook_dlq.dead_lettered", "runbook": NAME}
    with database.begin() as conn:
        conn.execute(insert(incidents).values(**{**row, "started_at": office.at, "opened_at": office.at}))
    return office
