"""What differs between installations is found out by the shipped questions, on real tables and a real host."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.adapters.files import load
from bot.adapters.resources import Connections
from bot.doctor.finding import Finding, Level
from bot.doctor.options import options
from bot.engine.catalog import Catalog
from bot.engine.system import System
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
