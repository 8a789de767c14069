"""The canary takes the way every alert takes, in one message that is edited, and says where the way ends."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from bot.adapters.resources import Connections
from bot.core.errors import Refused
from bot.core.ports import Json
from bot.engine.canary import Stage
from bot.engine.catalog import parse
from bot.jobs.canary import Canary
from bot.jobs.incidents.asking import Asker
from bot.jobs.incidents.diagnose import Diagnoser
from bot.store import canary
from bot.store.database import Database
from bot.store.incidents import latest
from bot.store.stock import stock
from tests.kit.ingest import TOKEN, Ingest, door
from tests.kit.slack import said
from tests.kit.weather import Weather
from tests.kit.workspace import RunningWorkspace, running_workspace

ROOT = Path(__file__).parents[2]
FILES = ["rules/countersign.yml", "runbooks/countersign/canary.yml", "runbooks/countersign/canary-stale.yml"]
EVERY = timedelta(minutes=5)


class Aviary(Weather):
    """The bot's own rules, its real door, and the diagnosis that follows."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.catalog = parse({name: (ROOT / name).read_text() for name in FILES}).catalog
        self.ingest = Ingest(self.database, catalog=self.catalog)
        self.is_shut = False
        self.canary = self.bird()
        self.diagnoser = Diagnoser(
            database=self.database,
            contents=lambda _: self.catalog,
            resources=Connections({}).of,
            asker=Asker(now=lambda: self.at),
            show=cast(Any, self.show),
            now=lambda: self.at,
        )

    def bird(self) -> Canary:
        return Canary(database=self.database, door=self.post, every=EVERY, has_slack=True, now=lambda: self.at)

    def post(self, body: Mapping[str, Json]) -> None:
        """As the bot's own door takes it, with its token."""
        if self.is_shut:
            raise Refused("our own door", "HTTP 401")
        self.ingest.clock.now = self.at
        with door(self.ingest) as client:
            answer: httpx.Response = client.post(
                "/alertmanager", json=dict(body), headers={"Authorization": f"Bearer {TOKEN}"}
            )
        assert answer.status_code == 200, answer.text

    def round(self) -> canary.Round:
        """One round, and everything that follows from it."""
        self.canary()
        while not self.fold.turn().is_done:
            pass
        self.pass_time(1)
        with self.database.read() as conn:
            ((incident, number),) = {(each.id, each.diagnoses) for each in latest(conn, 1)}
        self.diagnoser.diagnose(incident, str(number))
        self.send("#billing-oncall")
        self.canary()
        with self.database.read() as conn:
            found = canary.latest(conn)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


@pytest.fixture
def aviary(sqlite_database: Database, workspace: RunningWorkspace) -> Aviary:
    workspace.control.reset()
    return Aviary(sqlite_database, workspace)


def test_a_round_takes_the_whole_way_and_each_stage_is_noted(aviary: Aviary) -> None:
    this = aviary.round()

    assert all(this.at(stage) is not None for stage in Stage), this
    assert this.error is None


def test_every_round_edits_the_same_message(aviary: Aviary) -> None:
    for _ in range(3):
        aviary.round()
        aviary.pass_time(EVERY.total_seconds())

    assert [said(each) for each in aviary.roots()] == ["Canary"]
    assert len(aviary.workspace.control.calls("chat.postMessage")) == 1
    assert len(aviary.workspace.control.calls("chat.update")) == 2


def test_replicas_send_one_alert_for_each_round(aviary: Aviary) -> None:
    other = aviary.bird()
    aviary.canary()
    other()

    with aviary.database.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM deliveries").scalar_one() == 1


def test_a_door_that_is_shut_is_told_and_the_stages_fall_behind(aviary: Aviary) -> None:
    aviary.round()
    went_well = aviary.at
    aviary.pass_time(EVERY.total_seconds())
    aviary.is_shut = True
    aviary.canary()
    with aviary.database.read() as conn:
        this, stages = canary.latest(conn), canary.last_success(conn)

    assert this is not None
    assert this.error is not None
    assert "HTTP 401" in this.error
    assert max(stages.values()) <= went_well


def test_one_that_never_came_through_counts_from_its_first_round(aviary: Aviary) -> None:
    aviary.is_shut = True
    began = aviary.at
    for _ in range(3):
        aviary.canary()
        aviary.pass_time(EVERY.total_seconds())
    with aviary.database.read() as conn:
        told = stock(conn, aviary.at).canary

    assert set(told) == {stage.value for stage in Stage}
    assert told["delivered"] == pytest.approx(began.timestamp())


def test_without_a_slack_nothing_is_said_about_delivery(aviary: Aviary) -> None:
    aviary.round()
    with aviary.database.read() as conn:
        told = stock(conn, aviary.at, has_slack=False).canary

    assert set(told) == {"sent", "folded", "diagnosed"}


def test_where_it_is_switched_off_there_is_no_figure(sqlite_database: Database, aviary: Aviary) -> None:
    with sqlite_database.read() as conn:
        assert stock(conn, aviary.at).canary == {}
