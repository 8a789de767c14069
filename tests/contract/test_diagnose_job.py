"""The diagnose job on both databases: what it writes, once, and what it says when it cannot ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, func, insert, select

from bot.core.errors import ContentError, Unavailable
from bot.core.evidence import Answer, Failure, Reason
from bot.core.ports import Resources, Sample
from bot.engine.conclude import Held, NotJudged
from bot.engine.runbook import Runbook
from bot.engine.system import System
from bot.jobs.incidents.asking import Asker
from bot.jobs.incidents.diagnose import Diagnoser
from bot.jobs.means import Contents
from bot.store import diagnoses
from bot.store.database import Database
from bot.store.tables import answers, audit, incidents
from bot.store.tables import diagnoses as diagnoses_table
from tests.kit.fakes import FakeMetrics, FakeReadDatabase, FakeResources

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INCIDENT = "00000000-0000-4000-8000-000000000001"

SYSTEM = System.model_validate(
    {
        "system": "stripemeter",
        "title": "StripeMeter",
        "match": ['system="stripemeter"'],
        "channel": "#billing",
        "approvers": {"oncall": {"users": ["U0A"]}},
        "resources": {"metrics": {"prometheus": "env:PROMETHEUS_URL"}, "db": {"database": "env:READ_DSN"}},
        "options": {"epsilon": 0.005},
        "rules": [{"event": "stripemeter.reconciliation.drift", "runbook": "stripemeter/drift"}],
    }
)
RUNBOOK = Runbook.model_validate(
    {
        "title": "Drift",
        "params": {"item": {"from": "labels.item", "pattern": "si_[a-z0-9]+"}},
        "diagnose": [
            {
                "id": "drift",
                "promql": {"at": "metrics", "query": "drift{i={{ params.item | promql }}}", "value": "ratio"},
            },
            {
                "id": "report",
                "sql": {
                    "at": "db",
                    "query": "select created_at, n from reports",
                    "columns": {"created_at": "time", "n": "count"},
                },
            },
        ],
        "conclude": [
            {"when": "drift.max > option.epsilon", "say": "Beyond {{ option.epsilon }}.", "suggest": ["replay"]},
            {"when": "report.n > 0", "say": "{{ report.n }} reports."},
        ],
    }
)


@dataclass
class Files:
    systems: Mapping[str, System] = field(default_factory=lambda: {"stripemeter": SYSTEM})
    runbooks: Mapping[str, Runbook] = field(default_factory=lambda: {"stripemeter/drift": RUNBOOK})


@dataclass
class Shown:
    """Records what was shown, and that it was in a transaction that holds the diagnosis."""

    seen: list[diagnoses.Diagnosis | None] = field(default_factory=list)

    def incident(self, conn: Connection, incident_id: str, now: datetime) -> None:
        raise AssertionError("the root message is the diagnosis' own to show")

    def diagnosis(self, conn: Connection, incident_id: str, number: int, now: datetime) -> None:
        self.seen.append(diagnoses.get(conn, incident_id, number))

    def checklist(self, conn: Connection, incident_id: str, now: datetime) -> None:
        raise AssertionError("the checklist is the diagnosis' own to show")

    def request(self, conn: Connection, request_id: str, now: datetime) -> None:
        raise AssertionError("there is no request")

    def thread(self, conn: Connection, incident_id: str, now: datetime) -> bool:
        return False

    def storm(self, conn: Connection, storm_id: str, now: datetime) -> None:
        raise AssertionError("there is no storm")


DRIFT = FakeMetrics(vectors={'drift{i="si_1"}': [Sample(labels={"item": "si_1"}, at=0, value=0.02)]})
REPORTS = FakeReadDatabase(columns=("created_at", "n"), rows=[(NOW, 3)])


def diagnoser(
    database: Database,
    show: Shown,
    *,
    contents: Callable[[str], Contents] = lambda _revision: Files(),
    resources: Resources | None = None,
) -> Diagnoser:
    connected = resources or FakeResources(all_metrics={"metrics": DRIFT}, readers={"db": REPORTS})
    return Diagnoser(
        database=database,
        contents=contents,
        resources=lambda _system: connected,
        asker=Asker(now=lambda: NOW),
        show=show,
        now=lambda: NOW,
    )


@pytest.fixture(autouse=True)
def ordered(database: Database) -> None:
    """An incident whose first diagnosis is ordered."""
    with database.begin() as conn:
        conn.execute(
            insert(incidents).values(
                id=INCIDENT,
                key="k",
                episode=1,
                state="firing",
                system="stripemeter",
                event="stripemeter.reconciliation.drift",
                runbook="stripemeter/drift",
                content="r1",
                severity="warning",
                channel="#billing",
                title="Drift",
                labels={"item": "si_1"},
                annotations={},
                params={},
                started_at=NOW,
                opened_at=NOW,
                changed_at=NOW,
                diagnoses=1,
            )
        )
        conn.execute(insert(diagnoses_table).values(incident_id=INCIDENT, number=1, content="r1", ordered_at=NOW))


def found(database: Database) -> diagnoses.Diagnosis:
    with database.read() as conn:
        diagnosis = diagnoses.get(conn, INCIDENT, 1)
    assert diagnosis is not None
    return diagnosis


def audited(database: Database) -> int:
    with database.read() as conn:
        query = select(func.count()).select_from(audit).where(audit.c.kind == "diagnosis.finished")
        return conn.scalar(query) or 0


def test_evidence_conclusions_audit_and_message_are_written_together(database: Database) -> None:
    show = Shown()

    diagnoser(database, show).diagnose(INCIDENT, "1")

    diagnosis = found(database)
    assert list(diagnosis.asked) == ["drift", "report"]
    assert isinstance(diagnosis.evidence["drift"], Answer)
    assert diagnosis.evidence["drift"].table.rows == (("si_1", 0.02),)
    assert diagnosis.conclusions.judgements == (
        Held(say="Beyond 0.005.", suggest=("replay",)),
        Held(say="3 reports."),
    )
    assert diagnosis.finished_at == NOW
    assert audited(database) == 1
    assert show.seen == [diagnosis]


def test_a_finished_diagnosis_is_left_as_it_is(database: Database) -> None:
    show = Shown()
    diagnoser(database, show).diagnose(INCIDENT, "1")
    before = found(database)
    gone = FakeResources(all_metrics={"metrics": FakeMetrics(error=Unavailable("prometheus", "gone"))})

    diagnoser(database, show, resources=gone).diagnose(INCIDENT, "1")

    assert found(database) == before
    assert audited(database) == 1
    assert len(show.seen) == 1


def test_a_second_run_that_ends_later_changes_nothing(database: Database) -> None:
    """Two replicas run the same job; the slower one finds it finished."""
    show = Shown()
    fast = diagnoser(database, show)

    class Overtaken(FakeMetrics):
        def instant(self, query, *, at, timeout):  # type: ignore[no-untyped-def]  # the port has the types
            if not show.seen:
                fast.diagnose(INCIDENT, "1")
            raise Unavailable("prometheus", "slow")

    slow = diagnoser(database, show, resources=FakeResources(all_metrics={"metrics": Overtaken()}))

    slow.diagnose(INCIDENT, "1")

    assert isinstance(found(database).evidence["drift"], Answer)
    assert audited(database) == 1


def test_an_unanswered_question_is_evidence_and_its_conclusion_is_not_judged(database: Database) -> None:
    resources = FakeResources(readers={"db": REPORTS})

    diagnoser(database, Shown(), resources=resources).diagnose(INCIDENT, "1")

    diagnosis = found(database)
    assert isinstance(diagnosis.evidence["drift"], Failure)
    assert diagnosis.evidence["drift"].reason is Reason.NOT_CONNECTED
    assert isinstance(diagnosis.conclusions.judgements[0], NotJudged)
    assert isinstance(diagnosis.conclusions.judgements[1], Held)


def test_files_that_cannot_be_read_are_told_and_not_tried_for_ever(database: Database) -> None:
    show = Shown()

    def lost(_revision: str) -> Contents:
        raise ContentError(file="rules/stripemeter.yml", line=1, where="", what="this revision is not kept")

    diagnoser(database, show, contents=lost).diagnose(INCIDENT, "1")

    diagnosis = found(database)
    assert diagnosis.error is not None
    assert "not kept" in diagnosis.error
    assert diagnosis.finished_at == NOW
    assert len(show.seen) == 1


def test_a_runbook_that_is_gone_is_told(database: Database) -> None:
    diagnoser(database, Shown(), contents=lambda _: Files(runbooks={})).diagnose(INCIDENT, "1")

    assert found(database).error == "the content files have no runbook stripemeter/drift for stripemeter"


def test_a_diagnosis_that_was_not_ordered_does_nothing(database: Database) -> None:
    show = Shown()

    diagnoser(database, show).diagnose(INCIDENT, "2")

    with database.read() as conn:
        assert conn.scalar(select(func.count()).select_from(answers)) == 0
    assert show.seen == []


def test_begin_marks_it_so_that_later_news_orders_another(database: Database) -> None:
    with database.begin() as conn:
        begun = diagnoses.begin(conn, INCIDENT, 1, now=NOW)

    assert begun is not None
    assert found(database).started_at == NOW


def test_the_latest_is_the_newest_that_could_ask(database: Database) -> None:
    diagnoser(database, Shown()).diagnose(INCIDENT, "1")
    with database.begin() as conn:
        conn.execute(
            insert(diagnoses_table),
            [
                {
                    "incident_id": INCIDENT,
                    "number": 2,
                    "content": "r",
                    "ordered_at": NOW,
                    "finished_at": NOW,
                    "error": "x",
                },
                {
                    "incident_id": INCIDENT,
                    "number": 3,
                    "content": "r",
                    "ordered_at": NOW,
                    "finished_at": None,
                    "error": None,
                },
            ],
        )

    with database.read() as conn:
        latest = diagnoses.latest(conn, INCIDENT)

    assert latest is not None
    assert latest.number == 1
