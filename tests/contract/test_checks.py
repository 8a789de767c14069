"""Checks and schedules by the clock, over two replicas of one database: each time once, and both show the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from bot.adapters.cron import Cron
from bot.core.errors import Refused, TimedOut, Unavailable
from bot.core.ports import HttpCall, HttpReply
from bot.engine.catalog import Catalog
from bot.engine.incident import Incident, State
from bot.engine.options import with_options
from bot.engine.origin import Origin
from bot.engine.runbook import Runbook
from bot.engine.system import System
from bot.jobs.timed.check import Checker
from bot.jobs.timed.detect import Detector
from bot.jobs.timed.due import Due
from bot.metrics.checks import Checks
from bot.metrics.stock import Digest
from bot.store import checks, detections, incidents
from bot.store.database import Database
from bot.store.stock import stock
from bot.store.tables import incidents as incident_rows
from tests.kit.fakes import not_found, ok
from tests.kit.trust import REVISION, SYSTEM, Office, runbook

CHECK: Mapping[str, Any] = {
    "id": "items",
    "title": "Items by currency",
    "cron": "*/10 * * * *",
    "http": {
        "at": "api",
        "get": "/items",
        "rows": "items",
        "show": {"currency": {"path": "currency", "as": "enum"}, "amount": {"path": "amount", "as": "minor"}},
    },
    "metric": "countersign_check_items",
    "value": "count",
    "labels": ["currency"],
}
SIX = datetime(2026, 11, 20, 6, tzinfo=UTC)


def system(**changes: Any) -> System:
    return System.model_validate(
        {**SYSTEM.model_dump(by_alias=True, exclude_none=True, mode="json"), "checks": [CHECK], **changes}
    )


def calm(**changes: Any) -> Runbook:
    said = runbook().model_dump(by_alias=True, exclude_none=True, mode="json")
    return Runbook.model_validate(
        {
            **said,
            "conclude": [{"when": "backlog.n < 5", "say": "Few wait.", "good": True}, *changes.get("conclude", [])],
        }
    )


@dataclass
class Replica:
    """One replica's clockwork."""

    office: Office
    cron: Cron = field(default_factory=Cron)

    def __post_init__(self) -> None:
        self.due = Due(self.office.means, catalog=self.catalog, cron=self.cron)
        self.check = Checker(
            database=self.office.database,
            catalog=self.catalog,
            resources=self.office.resources,
            cron=self.cron,
            now=self.office.now,
        )
        self.office.handlers = {**self.office.handlers, "check": self.check}

    def catalog(self) -> Catalog:
        files = self.office.contents(REVISION)
        return Catalog(revision=REVISION, systems=files.systems, runbooks=files.runbooks, files={})

    def tick(self, moment: datetime) -> None:
        """Look what is due at this moment, and do what was ordered."""
        self.office.at = moment
        self.due()
        self.office.work()

    def sample(self, name: str, **labels: str) -> float | None:
        registry = CollectorRegistry()
        registry.register(Checks(self._results, systems=lambda: self.catalog().systems, now=self.office.now))
        return registry.get_sample_value(name, {"system": "ledger", **labels})

    def _results(self) -> list[checks.Result]:
        with self.office.database.read() as conn:
            return checks.every(conn)

    @property
    def gauge(self) -> float | None:
        return self.sample("countersign_check_items", currency="eur")


@pytest.fixture
def replicas(database: Database) -> tuple[Replica, Replica]:
    first = Replica(Office(database=database, system=system()))
    return first, Replica(Office(database=database, system=system(), host=first.office.host))


def asked(replica: Replica) -> list[str]:
    """The calls to the host."""
    calls: list[str] = []

    def note(call: HttpCall) -> HttpReply | None:
        calls.append(call.path)
        return None

    replica.office.host.answers = note
    return calls


def test_a_new_check_is_asked_at_once_and_each_time_by_one_replica(replicas: tuple[Replica, Replica]) -> None:
    one, other = replicas
    calls = asked(one)

    for moment in (
        SIX,
        SIX + timedelta(minutes=9),
        SIX + timedelta(minutes=10),
        SIX + timedelta(minutes=10, seconds=1),
    ):
        for replica in (one, other):
            replica.tick(moment)

    assert calls == ["/items", "/items"]
    assert one.gauge == other.gauge == 2.0


def test_what_is_gone_from_the_answer_is_gone_from_the_metrics(replicas: tuple[Replica, Replica]) -> None:
    one, _ = replicas
    one.tick(SIX)

    one.office.host.items.clear()
    one.tick(SIX + timedelta(minutes=10))

    assert one.gauge is None
    assert one.sample("countersign_check_last_success_timestamp_seconds", check="items") == one.office.at.timestamp()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(Unavailable("api", "down"), "unavailable", id="down"),
        pytest.param(TimedOut("api", 30), "timeout", id="slow"),
        pytest.param(Refused("api", "no"), "refused", id="refused"),
    ],
)
def test_a_failure_is_counted_and_the_last_value_stands_until_it_is_stale(
    replicas: tuple[Replica, Replica], error: Exception, reason: str
) -> None:
    one, other = replicas
    one.tick(SIX)
    one.office.host.answers = lambda _: error  # type: ignore[assignment,return-value]  # any error of ours

    one.tick(SIX + timedelta(minutes=10))
    while_good = (one.gauge, other.sample("countersign_check_failures_total", check="items", reason=reason))
    one.tick(SIX + timedelta(minutes=20))
    other.office.at = one.office.at = SIX + timedelta(minutes=21)

    assert while_good == (2.0, 1.0)
    assert one.gauge is None
    assert other.sample("countersign_check_failures_total", check="items", reason=reason) == 2.0
    assert one.sample("countersign_check_last_success_timestamp_seconds", check="items") == SIX.timestamp()


@pytest.mark.parametrize(("missed", "runs"), [("skip", 1), ("catch_up", 2)])
def test_a_time_that_passed_while_nobody_was_there(database: Database, missed: str, runs: int) -> None:
    replica = Replica(
        Office(database=database, system=system(checks=[{**CHECK, "cron": "0 6 * * *", "missed": missed}]))
    )
    calls = asked(replica)
    replica.tick(SIX - timedelta(hours=1))

    later = Replica(Office(database=database, system=replica.office.system, host=replica.office.host))
    later.tick(SIX + timedelta(hours=3))
    later.tick(SIX + timedelta(hours=3, seconds=1))

    assert len(calls) == runs


def test_a_check_for_another_kind_of_installation_is_not_asked(database: Database) -> None:
    checks_ = [{**CHECK, "when": "option.style == 'b'"}]
    written = system(checks=checks_, options={"style": "auto"}, detect={"style": {"http": CHECK["http"]}})
    replica = Replica(Office(database=database, system=with_options(written, {}, why="nobody knows")))
    calls = asked(replica)
    replica.tick(SIX)

    replica.office.system = with_options(written, {"style": "a"}, why="")
    replica.tick(SIX + timedelta(minutes=10))
    assert calls == []

    replica.office.system = with_options(written, {"style": "b"}, why="")
    replica.tick(SIX + timedelta(minutes=20))
    assert calls == ["/items"]


def scheduled(database: Database) -> tuple[Replica, Replica]:
    daily = system(checks=[], schedules=[{"id": "daily", "cron": "0 6 * * *", "runbook": "ledger/dead"}])
    first = Replica(Office(database=database, system=daily, runbook=calm()))
    return first, Replica(Office(database=database, system=daily, runbook=calm(), host=first.office.host))


def digests(database: Database) -> list[Incident]:
    with database.read() as conn:
        ids = conn.scalars(select(incident_rows.c.id).order_by(incident_rows.c.opened_at)).all()
        return [found for each in ids if (found := incidents.get(conn, each))]


def test_a_schedule_opens_one_digest_for_each_of_its_times_and_none_when_it_is_new(database: Database) -> None:
    one, other = scheduled(database)

    for moment in (SIX - timedelta(hours=1), SIX, SIX + timedelta(seconds=1), SIX + timedelta(days=1)):
        for replica in (one, other):
            replica.tick(moment)

    found = digests(database)
    assert [(each.origin, each.opened_by) for each in found] == [(Origin.SCHEDULE, "ledger/daily")] * 2
    assert [each.opened_at for each in found] == [SIX, SIX + timedelta(days=1)]


def test_a_digest_that_finds_nothing_to_look_at_is_closed_by_itself(database: Database) -> None:
    one, _ = scheduled(database)
    one.tick(SIX - timedelta(hours=1))

    one.tick(SIX)

    (digest,) = digests(database)
    assert (digest.state, digest.closed_by) == (State.RESOLVED, "countersign")
    assert [entry.data for entry in one.office.audited("incident.closed", digest.id)] != []


@pytest.mark.parametrize("trouble", ["a-finding", "a-failure"])
def test_a_digest_that_found_something_or_could_not_ask_stays_open(database: Database, trouble: str) -> None:
    one, _ = scheduled(database)
    if trouble == "a-finding":
        one.office.runbook = calm(conclude=[{"when": "backlog.n > 0", "say": "Some wait."}])
    one.tick(SIX - timedelta(hours=1))
    if trouble == "a-failure":
        one.office.host.answers = lambda call: Unavailable("api", "down") if call.path == "/health" else None

    one.tick(SIX)

    (digest,) = digests(database)
    assert digest.state is State.FIRING


def test_a_digest_of_a_night_nobody_was_there_is_posted_once_somebody_is(database: Database) -> None:
    one, _ = scheduled(database)
    one.tick(SIX - timedelta(hours=1))

    _, later = scheduled(database)
    later.tick(SIX + timedelta(days=3, hours=2))

    assert [each.opened_at for each in digests(database)] == [SIX + timedelta(days=3, hours=2)]


def test_a_digest_whose_time_comes_while_the_database_is_away_is_opened_once_it_is_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = scheduled(database)
    one.tick(SIX - timedelta(hours=1))

    with monkeypatch.context() as away:
        away.setattr(Database, "begin", away_from)
        with pytest.raises(Unavailable):
            one.tick(SIX)
    one.tick(SIX + timedelta(seconds=1))

    assert [each.opened_at for each in digests(database)] == [SIX + timedelta(seconds=1)]


def away_from(database: Database) -> NoReturn:
    raise Unavailable("the database", "is busy")


def test_a_digest_that_cannot_be_opened_is_told_tried_again_and_opened_once_it_can(database: Database) -> None:
    one, other = scheduled(database)
    for replica in (one, other):
        replica.tick(SIX - timedelta(hours=1))
        replica.office.system = with_runbook(replica.office.system, "ledger/gone")

    for moment in (SIX, SIX + timedelta(seconds=1)):
        one.tick(moment)
    failing = standing(one)
    for replica in (one, other):
        replica.office.system = with_runbook(replica.office.system, "ledger/dead")
        replica.tick(SIX + timedelta(seconds=90))

    assert failing == Digest(
        dealt_with_at=(SIX - timedelta(hours=1)).timestamp(),
        failing_for=1.0,
        failures=1,
        error="there is no runbook ledger/gone",
    )
    assert [each.opened_at for each in digests(database)] == [SIX + timedelta(seconds=90)]
    after = standing(one)
    assert (after.failing_for, after.failures) == (None, 1)
    assert after.dealt_with_at == SIX.timestamp()


def with_runbook(written: System, runbook: str) -> System:
    (daily,) = written.schedules
    return written.model_copy(update={"schedules": (daily.model_copy(update={"runbook": runbook}),)})


def standing(replica: Replica) -> Digest:
    """What /metrics and /readyz have to say of the schedule."""
    with replica.office.database.read() as conn:
        seen = stock(conn, replica.office.at, systems=[replica.office.system])
    return seen.schedules["ledger", "daily"]


DETECT = {
    "style": {
        "http": {"at": "api", "get": "/style", "show": {"style": {"path": "style", "as": "enum"}}, "absent": {}},
        "value": "answer.style",
        "absent": "old",
    }
}


@pytest.mark.parametrize(
    ("reply", "value"),
    [pytest.param(ok({"style": "new"}), "new", id="said"), pytest.param(not_found(), "old", id="404")],
)
def test_an_option_is_found_out_and_stays_known_while_the_host_is_away(
    database: Database, reply: HttpReply, value: str
) -> None:
    written = system(checks=[], options={"style": "auto"}, detect=DETECT)
    replica = Replica(Office(database=database, system=written))
    replica.office.host.answers = lambda _: reply
    detect = Detector(
        database=database, catalog=replica.catalog, resources=replica.office.resources, now=replica.office.now
    )

    detect()
    replica.office.host.answers = lambda _: Unavailable("api", "down")
    replica.office.at += timedelta(hours=2)
    detect._look_at = 0  # its pause is real time
    detect()

    with database.read() as conn:
        known = detections.every(conn)
    assert detections.resolved(written, known).options["style"] == value
    assert [found.error for found in known.values()] == ["api is unavailable: down"]


DRY = {"http": {"at": "api", "post": "/style", "json": {"dry": True}, "harmless": True}, "value": "'new'"}


def test_an_option_that_is_written_down_and_not_so_is_logged_and_stands(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    written = system(checks=[], options={"style": "old"}, detect=DETECT)
    replica = Replica(Office(database=database, system=written))
    replica.office.host.answers = lambda _: ok({"style": "new"})

    with caplog.at_level("WARNING"):
        Detector(
            database=database, catalog=replica.catalog, resources=replica.office.resources, now=replica.office.now
        )()

    differs = [each for each in caplog.records if each.message == "detect.differs"]
    assert [vars(each)["file"] for each in differs] == ["old"]
    assert [vars(each)["found"] for each in differs] == ["new"]
    with database.read() as conn:
        assert detections.resolved(written, detections.every(conn)).options["style"] == "old"


@pytest.mark.parametrize(
    ("option", "calls"), [pytest.param("auto", ["/style"], id="auto"), pytest.param("old", [], id="written")]
)
def test_a_call_that_is_no_get_is_sent_for_an_option_that_is_automatic_only(
    database: Database, option: str, calls: list[str]
) -> None:
    written = system(checks=[], options={"style": option}, detect={"style": DRY})
    replica = Replica(Office(database=database, system=written))
    sent: list[str] = []

    def answers(call: HttpCall) -> HttpReply:
        sent.append(call.path)
        return ok({})

    replica.office.host.answers = answers
    Detector(database=database, catalog=replica.catalog, resources=replica.office.resources, now=replica.office.now)()

    assert sent == calls
