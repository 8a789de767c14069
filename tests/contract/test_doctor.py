"""countersign doctor against the local world, whole and with things broken in it."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import update
from typer.testing import CliRunner

from bot.adapters.database import Reader
from bot.adapters.slack_calls import web_client
from bot.cli import app
from bot.core.errors import Refused
from bot.doctor.databases import database
from bot.doctor.delivery import canary, delivery
from bot.doctor.examine import examine
from bot.doctor.finding import Finding, Level, gathered
from bot.doctor.monitoring import alertmanager as look_at_alertmanager
from bot.doctor.monitoring import prometheus as look_at_prometheus
from bot.doctor.slack import slack
from bot.engine.canary import Stage
from bot.engine.system import System
from bot.settings import Settings
from bot.steps import SqlRead
from bot.store import canary as rounds
from bot.store import messages
from bot.store.database import Database
from bot.store.tables import messages as table
from tests.kit.alertmanager import alertmanager
from tests.kit.host import closed_port, say, serving
from tests.kit.moments import NOON
from tests.kit.prometheus import prometheus
from tests.kit.trust import SYSTEM
from tests.kit.workspace import running_workspace
from tests.kit.world import RunningWorld, running_world

__all__ = ["alertmanager", "prometheus"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


@dataclass(frozen=True)
class Ward:
    """An environment in which all is well, and the doctor."""

    environ: Mapping[str, str]

    def examine(self, monkeypatch: pytest.MonkeyPatch, **changes: str) -> list[Finding]:
        environ = {**self.environ, **changes}
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return examine(Settings.read(), environ, now=NOON)


@pytest.fixture(scope="module")
def ward(world: RunningWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    url = f"sqlite:///{tmp_path_factory.mktemp('own')}/own.db"
    with closing(Database(url)) as own:
        own.migrate()
    manifest = yaml.safe_load(Path("docs/slack-manifest.yml").read_text())
    scopes = frozenset(manifest["oauth_config"]["scopes"]["bot"])
    with running_workspace(scopes=scopes) as workspace:
        yield Ward(
            {
                **world.environment(),
                "COUNTERSIGN_DATABASE_URL": url,
                "SLACK_BOT_TOKEN": "xoxb-local",
                "SLACK_SIGNING_SECRET": "local-signing-secret",
                "SLACK_API_URL": workspace.api,
            }
        )


def lines(found: list[Finding], *levels: Level) -> list[str]:
    return [each.line for each in found if not levels or each.level in levels]


def test_where_all_is_well_nothing_is_broken_and_nothing_secret_is_said(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ward.examine(monkeypatch)
    said = "\n".join(lines(found))

    assert lines(found, Level.BROKEN, Level.WARNING) == []
    assert "slack: every scope of the manifest is granted" in said
    assert "slack: #billing-oncall can be posted to" in said
    assert "accrue: db: PostgreSQL 16.2, read only" in said
    assert "own database: sqlite, schema" in said
    assert re.search(r"accrue, .*stripe: stripe: a restricted key, test mode", said)
    assert "countersign: self: a bot that runs is its own host" in said
    assert len(found) == len({(each.where.rpartition(": ")[2], each.what) for each in found})
    secret = [name for name in ward.environ if name.endswith(("_DSN", "_TOKEN", "_KEY", "_SECRET"))]
    assert [name for name in secret if len(ward.environ[name]) > 8 and ward.environ[name] in said] == []


def test_what_is_broken_is_said_with_what_to_do_and_keeps_nothing_else_from_being_looked_at(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ward.examine(
        monkeypatch,
        AIVO_READ_DSN=ward.environ["AIVO_WRITE_DSN"],
        ACCRUE_URL=closed_port(),
        STRIPE_API_KEY="sk_live_wrongwrong",
        SLACK_TEAM_ID="T0ELSEWHERE",
        SLACK_SIGNING_SECRET="",
        COUNTERSIGN_DATABASE_URL="sqlite:////tmp/no-such-folder-here/own.db",
        COUNTERSIGN_FALLBACK_CHANNEL="#nowhere",
        ALERTMANAGER_URL=closed_port(),
    )
    bad = "\n".join(lines(found, Level.BROKEN, Level.WARNING))

    assert "aivo: db: its role may change" in bad
    assert "accrue: host: host is unavailable: no connection" in bad
    assert "the key may not read" in bad
    assert "no restricted key (live mode)" in bad
    assert "SLACK_TEAM_ID does not name" in bad
    assert "clicks and commands cannot come in" in bad
    assert "there is no channel #nowhere" in bad
    assert "alertmanager: alertmanager is unavailable" in bad
    assert any("stripemeter: db: PostgreSQL" in line for line in lines(found, Level.OK))


def test_a_missing_scope_a_channel_without_us_and_approvers_who_left_are_named() -> None:
    system = System.model_validate(
        {
            **SYSTEM.model_dump(by_alias=True, exclude_none=True),
            "channel": "#billing-leads",
            "approvers": {"a": {"usergroup": "S0NOBODY"}, "b": {"users": ["U0GONE", "U0NOONE"]}},
        }
    )
    with running_workspace(
        scopes=frozenset({"channels:read", "groups:read", "users:read", "usergroups:read"})
    ) as workspace:
        settings = Settings.model_validate(
            {"SLACK_BOT_TOKEN": "xoxb-local", "SLACK_API_URL": workspace.api, "fallback_channel": "C0LEADS"}
        )
        client = web_client(token="xoxb-local", base_url=workspace.api, timeout=5)
        said = "\n".join(lines(gathered("slack", lambda: slack(settings, client, {"ledger": system}))))

    assert "the scope chat:write is missing" in said
    assert "the rules call one channel #billing-leads and C0LEADS" in said
    assert "usergroup S0NOBODY: no_such_subteam" in said
    assert "approver U0GONE is no full member" in said
    assert "approver U0NOONE: user_not_found" in said


def test_a_query_for_what_is_not_there_is_found_without_running_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "host.db")) as made:
        made.execute("create table invoices (id text, status text)")
    good = SqlRead.model_validate(
        {
            "at": "db",
            "query": "select id from invoices where status = :s",
            "params": {"s": "1"},
            "columns": {"id": "id"},
        }
    )
    bad = good.model_copy(update={"query": "select id, total from invoices"})
    with closing(Reader(f"sqlite:///{tmp_path}/host.db", name="db")) as reader:
        found = list(database(reader, [("a/b/good", good), ("a/b/bad", bad)], where="a: db"))

    assert [each.level for each in found] == [Level.BROKEN]
    assert "a/b/bad: db refused: no such column: total" in found[0].what


def test_messages_that_do_not_reach_slack_are_told_with_the_reason(sqlite_database: Database) -> None:
    with sqlite_database.begin() as conn:
        held = messages.hold(
            conn, subject="x", message_id="m", incident_id=None, channel="#gone", thread_of=None, now=NOON
        )
        messages.say(conn, held, text="hello", blocks=[], now=NOON)
        conn.execute(update(table).values(error="channel_not_found"))

    late = list(delivery(sqlite_database, now=NOON + timedelta(minutes=10)))
    soon = list(delivery(sqlite_database, now=NOON))

    assert [each.level for each in late + soon] == [Level.BROKEN, Level.OK]
    assert late[0].what == f"1 messages are not in Slack, the oldest since {NOON:%Y-%m-%d %H:%M} UTC: channel_not_found"


def about_the_canary(database: Database, *, at: datetime, **changes: object) -> list[Finding]:
    given = {"SLACK_BOT_TOKEN": "xoxb-local", "webhook_token": "token", "canary_minutes": 5, **changes}
    return list(canary(database, Settings.model_validate(given), now=at))


def test_the_canary_says_whether_alerts_come_through_and_how_far(sqlite_database: Database) -> None:
    off = about_the_canary(sqlite_database, at=NOON, canary_minutes=0)
    unable = about_the_canary(sqlite_database, at=NOON, webhook_token=None, webhook_hmac_secret="a secret")
    new = about_the_canary(sqlite_database, at=NOON)
    with sqlite_database.begin() as conn:
        rounds.begin(conn, "one", NOON)
        for stage in (Stage.SENT, Stage.FOLDED, Stage.DIAGNOSED):
            rounds.reached(conn, "one", stage, NOON + timedelta(minutes=10))
    well = about_the_canary(sqlite_database, at=NOON + timedelta(minutes=10))
    late = about_the_canary(sqlite_database, at=NOON + timedelta(minutes=20))
    without_slack = about_the_canary(sqlite_database, at=NOON + timedelta(minutes=20), SLACK_BOT_TOKEN=None)

    assert [each.level for each in (*off, *unable, *new)] == [Level.SKIPPED, Level.BROKEN, Level.SKIPPED]
    assert [each.level for each in (*well, *late, *without_slack)] == [Level.OK, Level.BROKEN, Level.OK]
    assert late[0].what == f"no round has come as far as delivered since {NOON:%Y-%m-%d %H:%M} UTC"


def test_a_real_prometheus_without_our_alerts_is_told(prometheus: str) -> None:
    found = gathered("prometheus", lambda: look_at_prometheus(prometheus, alerts=Path("alerts.yml"), where="p"))

    assert any("p: version " in each.line for each in found)
    assert any("are not loaded" in each.what for each in found if each.level is Level.BROKEN)


@pytest.mark.parametrize("body", [b"{}", b'{"data": null}', b'{"data": {"resultType": "vector", "result": []}}'])
def test_what_answers_and_is_no_prometheus_is_told_and_not_crashed_on(body: bytes) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        say(request, 200, body, Content_Type="application/json")

    with serving(answer) as url:
        found = gathered("prometheus", lambda: look_at_prometheus(url, alerts=Path("alerts.yml"), where="p"))

    assert "is it a Prometheus?" in found[-1].what
    assert found[-1].level is Level.BROKEN


def test_a_real_alertmanager_without_a_receiver_for_us_is_told(alertmanager: str) -> None:
    found = gathered("am", lambda: look_at_alertmanager(alertmanager, token_is_set=True))

    assert found[0].what.startswith("version ")
    assert "no receiver posts to /alertmanager" in found[1].what


@pytest.mark.parametrize(
    ("hook", "says"),
    [
        pytest.param({"http_config": {"follow_redirects": True}}, "follows redirects", id="redirects"),
        pytest.param({"send_resolved": False}, "sends no resolved alerts", id="no resolve"),
        pytest.param({"http_config": {"follow_redirects": False}}, "sends no token", id="no token"),
        pytest.param(
            {"http_config": {"follow_redirects": False, "authorization": {"credentials": "<secret>"}}},
            "points here",
            id="well",
        ),
    ],
)
def test_how_alertmanager_sends_is_read_from_its_own_configuration(hook: dict[str, Any], says: str) -> None:
    config = {"receivers": [{"webhook_configs": [{"url": "http://bot/alertmanager", "send_resolved": True, **hook}]}]}
    status = {"versionInfo": {"version": "0.27.0"}, "config": {"original": yaml.safe_dump(config)}}

    def reply(request: BaseHTTPRequestHandler) -> None:
        say(request, 200, json.dumps(status).encode(), content_type="application/json")

    with serving(reply) as url:
        found = gathered("am", lambda: look_at_alertmanager(url, token_is_set=True))

    assert any(says in each.what for each in found)


def test_the_command_ends_with_one_and_speaks_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_BOT_TOKEN", "ALERTMANAGER_URL", "PROMETHEUS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    ended = CliRunner().invoke(app, ["doctor", "--json", "--trouble"])

    assert ended.exit_code == 1
    assert json.loads(ended.stdout)[0] == {
        "where": "own database",
        "level": "broken",
        "what": "it has no tables yet",
        "todo": "Run countersign db upgrade",
    }
    assert "1 thing will not work" in ended.stderr


def test_an_error_in_the_middle_keeps_what_was_found_before_it() -> None:
    def look() -> Iterator[Finding]:
        yield Finding(where="a", level=Level.OK, what="one")
        raise Refused("a", "no")

    assert lines(gathered("a", look)) == ["ok       a: one", "broken   a: a refused: no"]
