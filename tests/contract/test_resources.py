"""Connections: from env:NAME to clients that are made once, and clear words where a variable is unset."""

from collections.abc import Mapping
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from bot.adapters.resources import Connections
from bot.core.errors import NotConnected, Refused
from bot.core.ports import HttpCall
from bot.engine.system import System
from tests.kit.databases import PostgreSQL
from tests.kit.host import say, serving


def system(resources: Mapping[str, object], name: str = "accrue") -> System:
    return System.model_validate(
        {
            "system": name,
            "title": name,
            "match": [f'system="{name}"'],
            "channel": "#billing",
            "approvers": {"oncall": {"users": ["U0A"]}},
            "resources": resources,
            "rules": [{"event": f"{name}.ops.x", "runbook": f"{name}/x"}],
        }
    )


ACCRUE = system(
    {
        "metrics": {"prometheus": "env:PROMETHEUS_URL"},
        "db": {"database": "env:ACCRUE_READ_DSN"},
        "host": {"http": "env:ACCRUE_URL", "bearer": "env:ACCRUE_TOKEN", "headers": {"x-key": "env:ACCRUE_KEY"}},
        "stripe": {"stripe": "env:STRIPE_API_KEY", "write_key": "env:STRIPE_WRITE_KEY"},
        "release": {"command": ["bin/host"], "enabled": "env:ACCRUE_RELEASE_COMMAND"},
    }
)


def test_unset_and_empty_variables_are_missing_and_optional_ones_are_not_counted() -> None:
    with closing(Connections({"PROMETHEUS_URL": "http://127.0.0.1:9", "ACCRUE_URL": ""})) as connections:
        assert connections.missing(ACCRUE) == (
            "ACCRUE_READ_DSN",
            "ACCRUE_URL",
            "ACCRUE_KEY",
            "ACCRUE_TOKEN",
            "STRIPE_API_KEY",
        )


@pytest.mark.parametrize(
    ("ask", "variable"),
    [
        pytest.param(lambda r: r.metrics("metrics"), "PROMETHEUS_URL", id="prometheus"),
        pytest.param(lambda r: r.read_database("db"), "ACCRUE_READ_DSN", id="database"),
        pytest.param(lambda r: r.http("host"), "ACCRUE_URL", id="http"),
        pytest.param(lambda r: r.stripe_read("stripe"), "STRIPE_API_KEY", id="stripe"),
        pytest.param(lambda r: r.stripe_write("stripe"), "STRIPE_WRITE_KEY", id="stripe's write key"),
        pytest.param(lambda r: r.command("release"), "ACCRUE_RELEASE_COMMAND=1", id="command"),
    ],
)
def test_a_resource_whose_variable_is_unset_says_which(ask, variable: str) -> None:  # type: ignore[no-untyped-def]  # a table of calls
    with closing(Connections({})) as connections, pytest.raises(NotConnected, match=variable):
        ask(connections.of(ACCRUE))


def test_a_name_of_another_kind_is_refused() -> None:
    with closing(Connections({})) as connections, pytest.raises(Refused, match=r"accrue\.yml has no database"):
        connections.of(ACCRUE).read_database("metrics")


def test_a_database_that_is_only_read_is_not_written() -> None:
    with (
        closing(Connections({"ACCRUE_READ_DSN": "postgresql:///x"})) as connections,
        pytest.raises(Refused, match="read"),
    ):
        connections.of(ACCRUE).write_database("db")


def test_a_client_is_made_once_and_again_only_when_something_changed() -> None:
    environ = {"PROMETHEUS_URL": "http://127.0.0.1:9"}
    slower = system({"metrics": {"prometheus": "env:PROMETHEUS_URL", "timeout": "3s"}})
    other = system({"metrics": {"prometheus": "env:PROMETHEUS_URL"}}, name="aivo")

    with closing(Connections(environ)) as connections:
        first = connections.of(ACCRUE).metrics("metrics")

        assert connections.of(ACCRUE).metrics("metrics") is first
        assert connections.of(other).metrics("metrics") is first
        assert connections.of(slower).metrics("metrics") is not first


def test_credentials_of_the_rules_file_are_sent() -> None:
    seen: dict[str, str] = {}

    def note(request: BaseHTTPRequestHandler) -> None:
        seen.update({name.lower(): value for name, value in request.headers.items()})
        say(request, 200, b"{}")

    with serving(note) as url:
        environ = {"ACCRUE_URL": url, "ACCRUE_TOKEN": "t", "ACCRUE_KEY": "k"}
        with closing(Connections(environ)) as connections:
            connections.of(ACCRUE).http("host").send(HttpCall(method="GET", path="/"), timeout=30)

    assert seen["authorization"] == "Bearer t"
    assert seen["x-key"] == "k"


@pytest.mark.parametrize("value", ["postgresql://u:hunter2@h:notaport/x", "not a dsn hunter2", "mysql://u:hunter2@h/x"])
def test_a_malformed_dsn_is_told_without_its_value(value: str) -> None:
    with closing(Connections({"ACCRUE_READ_DSN": value})) as connections, pytest.raises(Refused) as caught:
        connections.of(ACCRUE).read_database("db")

    assert "hunter2" not in str(caught.value)


def test_a_diagnose_dsn_that_may_write_is_found_at_the_start(postgresql: PostgreSQL) -> None:
    with postgresql.fresh(migrated=False) as owner:
        engine = create_engine(owner, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.exec_driver_sql("create table t (n int)")
        engine.dispose()
        dsn = make_url(owner).set(drivername="postgresql").render_as_string(hide_password=False)

        with closing(Connections({"ACCRUE_READ_DSN": dsn})) as connections:
            found = connections.writing_readers(ACCRUE)

    assert found == ("accrue: db: its role is a superuser (ACCRUE_READ_DSN)",)


def test_a_start_up_check_asks_only_what_is_connected(tmp_path: Path) -> None:
    with closing(Connections({})) as connections:
        assert connections.writing_readers(ACCRUE) == ()
