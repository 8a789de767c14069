"""What the shipped files ask real tables and a real host: options that are found out, and targets of actions."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from bot.adapters.files import load
from bot.adapters.resources import Connections
from bot.core.facts import rows_of
from bot.doctor.finding import Finding, Level
from bot.doctor.options import options
from bot.engine.catalog import Catalog
from bot.engine.system import System
from bot.steps import SqlRead
from bot.steps.step import Call
from tests.kit.moments import NOON
from tests.kit.world import RunningWorld, running_world

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")


def found(world: RunningWorld, system: System, *, search_path: str | None = None, **said: str | bool) -> list[Finding]:
    """What the doctor says of the options, where the system's own DSN has this search_path and its file says so."""
    environment = world.environment()
    name = f"{system.system.upper()}_READ_DSN"
    if search_path is not None:
        dsn = make_url(environment[name]).update_query_dict({"options": f"-csearch_path={search_path}"})
        environment[name] = dsn.render_as_string(hide_password=False)
    written = system.model_copy(update={"options": {**system.options, **said}})
    with closing(Connections(environment, trust_readers=True)) as connections:
        return list(options(written, connections.of(system), now=NOON).findings)


def lines(findings: list[Finding], *levels: Level) -> list[str]:
    return [each.line for each in findings if not levels or each.level in levels]


@pytest.mark.parametrize("system", ["accrue", "aivo", "stripemeter"])
def test_the_local_hosts_are_as_the_shipped_files_say(world: RunningWorld, catalog: Catalog, system: str) -> None:
    assert lines(found(world, catalog.systems[system]), Level.WARNING, Level.BROKEN, Level.SKIPPED) == []


def test_accrues_tables_outside_the_search_path_are_told_with_what_to_set(
    world: RunningWorld, catalog: Catalog
) -> None:
    schema, metering = lines(found(world, catalog.systems["accrue"], search_path="camel"))

    assert schema.startswith("broken   accrue: option schema: not known")
    assert (
        "Accrue's tables are in the schema public: end ACCRUE_READ_DSN with ?options=-csearch_path%3Dpublic" in schema
    )
    assert metering == (
        "warning  accrue: option braintree_metering: the file says true, but it is false here."
        " Set options: {braintree_metering: false} in rules/accrue.yml"
    )


@pytest.mark.parametrize("style", ["camel", "payments"])
def test_another_style_of_columns_than_the_file_says_is_told_with_what_to_set(
    world: RunningWorld, catalog: Catalog, style: str
) -> None:
    aivo = catalog.systems["aivo"]

    differs = lines(found(world, aivo, search_path=style))
    agrees = lines(found(world, aivo, search_path=style, columns=style))
    automatic = lines(found(world, aivo, search_path=style, columns="auto"))

    assert differs[0] == (
        f"warning  aivo: option columns: the file says snake, but it is {style} here."
        f" Set options: {{columns: {style}}} in rules/aivo.yml"
    )
    assert agrees[0] == f"ok       aivo: option columns: {style}, as the file says"
    assert automatic[0] == f"ok       aivo: option columns: found to be {style}"


def test_no_table_of_dunning_at_all_is_no_guess(world: RunningWorld, catalog: Catalog) -> None:
    aivo = catalog.systems["aivo"]

    _, written = found(world, aivo, search_path="camel")
    _, automatic = found(world, aivo, search_path="camel", dunning="auto")

    assert (written.level, automatic.level) == (Level.SKIPPED, Level.BROKEN)
    assert "Write it down under options: in rules/aivo.yml" in automatic.todo


def test_a_replay_route_that_is_not_installed_is_told_with_what_to_set(world: RunningWorld, catalog: Catalog) -> None:
    stripemeter = catalog.systems["stripemeter"]
    world.set_options(stripemeter_replay=False)
    try:
        written, automatic = found(world, stripemeter), found(world, stripemeter, replay="auto")
    finally:
        world.set_options(stripemeter_replay=True)

    assert lines(written) == [
        (
            'warning  stripemeter: option replay: the file says try, but it is "off" here.'
            ' Set options: {replay: "off"} in rules/stripemeter.yml'
        )
    ]
    assert lines(automatic) == ["ok       stripemeter: option replay: found to be off"]


def test_a_webhook_that_oban_tries_again_by_itself_is_not_replayed_and_is_told_as_left_out(
    world: RunningWorld, catalog: Catalog
) -> None:
    details = world.start("dead-letter-webhooks", count=2)
    waits, dead = details["event_ids"]
    with _owner(world).begin() as conn:
        conn.execute(text("update accrue_webhook_events set status = 'failed' where id = :id"), {"id": waits})
        live = "update oban_jobs set state = 'retryable' where args->>'webhook_event_id' = :id"
        conn.execute(text(live), {"id": waits})
    runbook = catalog.runbooks["accrue/webhook-dead-lettered"]
    several, release = runbook.action("replay-type"), runbook.action("replay-by-release")
    assert several is not None
    assert several.leaves_out is not None
    assert release is not None
    given = {"type": details["type"], "since": "1h"}

    with closing(Connections(world.environment(), trust_readers=True)) as connections:
        resources = connections.of(catalog.systems["accrue"])

        def ids(step: object, column: str, **inputs: str) -> list[object]:
            assert isinstance(step, SqlRead)
            scope = {"inputs": inputs, "request": {"requested_at": datetime.now(UTC)}}
            answer = step.run(Call(resources=resources, scope=scope, timeout=10, now=datetime.now(UTC)))
            return [str(row[column]) for row in rows_of(answer.table)]

        together, left_out = ids(several.targets.sql, "id", **given), ids(several.leaves_out.sql, "reason", **given)
        alone = [ids(release.targets.sql, "id", event=each) for each in (waits, dead)]

    assert (together, left_out) == ([dead], ["tried again anyway"])
    assert alone == [[], [dead]]


def _owner(world: RunningWorld) -> Engine:
    accrue = next(each for each in world.world._systems if type(each).__name__ == "Accrue")
    engine: Engine = accrue._host.engine  # type: ignore[attr-defined]  # the owner may what no role of ours may
    return engine
