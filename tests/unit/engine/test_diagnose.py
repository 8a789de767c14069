"""The plan of a diagnosis: what waits for what, what is not asked, and how a failure explains itself."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from bot.core.errors import (
    CountersignError,
    ExpressionError,
    NotConnected,
    NotInstalled,
    Refused,
    TimedOut,
    Unavailable,
)
from bot.core.evidence import Answer, Cell, Column, Evidence, Failure, Reason, Shown, Table
from bot.engine.diagnose import Seen, Subject, failure, seen, seen_with, waits_for, withheld
from bot.engine.options import with_options
from bot.engine.params import Params
from bot.engine.runbook import Question, Runbook
from bot.engine.system import System

START = datetime(2026, 3, 1, tzinfo=UTC)


def question(id_: str, query: str = "up", **more: object) -> Question:
    return Question.model_validate({"id": id_, "promql": {"at": "metrics", "query": query}, **more})


def found(**columns: Cell) -> Answer:
    names = tuple(Column(name=name, shown=Shown.TEXT) for name in columns)
    return Answer(table=Table(columns=names, rows=(tuple(columns.values()),)))


NOTHING = Answer(table=Table(columns=(Column(name="id", shown=Shown.ID),)))
LATE = Failure(reason=Reason.TIMEOUT, message="no answer within 10 s")


def test_a_question_waits_for_those_its_templates_expressions_and_condition_name() -> None:
    sql = Question.model_validate(
        {
            "id": "jobs",
            "when": "dead.count > 0",
            "sql": {"at": "db", "query": "select 1 as n", "params": {"x": "worst.id"}, "columns": {"n": "count"}},
        }
    )
    http = Question.model_validate({"id": "page", "http": {"at": "api", "get": "/x/{{ dead.rows[0].id }}"}})
    ids = {"dead", "worst", "jobs", "page"}

    assert waits_for(sql, ids=ids, params=Params()) == {"dead", "worst"}
    assert waits_for(http, ids=ids, params=Params()) == {"dead"}
    assert waits_for(question("rate"), ids=ids, params=Params()) == frozenset()


def test_a_question_waits_for_what_its_pending_parameter_waits_for() -> None:
    counters = question("counters", "x{m={{ params.metric | promql }}}")
    pending = Params(pending={"metric": frozenset({"mapping"}), "other": frozenset({"rate"})})

    assert waits_for(counters, ids={"mapping", "rate", "counters"}, params=pending) == {"mapping"}
    assert waits_for(counters, ids={"mapping"}, params=Params(values={"metric": "m"})) == frozenset()


def test_a_question_for_another_kind_of_installation_is_not_here_and_no_trouble() -> None:
    why = withheld(question("camel", when="option.style == 'camel'"), seen_with({"option": {"style": "snake"}}, {}))

    assert why is not None
    assert (why.reason, why.is_unneeded, why.is_elsewhere) == (Reason.NOT_HERE, True, True)


def test_a_question_about_an_option_nobody_knows_says_so_and_is_not_guessed() -> None:
    system = with_options(
        System.model_validate(
            {
                "system": "shop", "title": "Shop", "match": ['system="shop"'], "channel": "#shop", "approvers": {},
                "resources": {"db": {"database": "env:DSN"}}, "options": {"style": "auto"},
                "rules": [{"event": "shop.orders.late", "runbook": "shop/late"}],
            }
        ),
        {},
        why={"style": "db is not connected: set DSN"},
    )  # fmt: skip

    why = withheld(question("camel", when="option.style == 'camel'"), seen_with({"option": system.options}, {}))

    assert why is not None
    assert why.reason is Reason.BROKEN
    assert "option.style is auto and is not known: db is not connected: set DSN" in why.message


def test_a_question_is_not_asked_when_its_condition_does_not_hold() -> None:
    stripe = question("event", when='dead.processor == "stripe"')

    why = withheld(stripe, seen_with({}, {"dead": found(processor="braintree")}))

    assert why == Failure(reason=Reason.NEEDS, message='not asked, for this does not hold: dead.processor == "stripe"')
    assert withheld(stripe, seen_with({}, {"dead": found(processor="stripe")})) is None
    assert withheld(question("rate"), seen_with({}, {})) is None


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        pytest.param(LATE, "dead was not answered (timeout)", id="it failed"),
        pytest.param(NOTHING, "dead found nothing", id="it was empty"),
    ],
)
def test_a_question_that_builds_on_one_without_an_answer_says_so(evidence: Evidence, why: str) -> None:
    asked = question("event", "x{id={{ dead.rows[0].id | promql }}}", when='dead.rows[0].id != ""')

    told = withheld(asked, seen_with({}, {"dead": evidence}))

    assert told == Failure(reason=Reason.NEEDS, message=why)


def test_a_question_that_needs_an_unknown_parameter_says_which() -> None:
    asked = question("drift", "x{t={{ params.tenant | promql }}}")
    now = Seen(scope={"params": {}}, evidence={}, params=Params(failed={"tenant": "neither a label nor an answer"}))

    told = failure(ExpressionError("'dict' has no 'tenant'"), question=asked, now=now)

    assert told == Failure(reason=Reason.NEEDS, message="it needs params.tenant: neither a label nor an answer")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimedOut("prometheus", 5), Reason.TIMEOUT),
        (Unavailable("db", "no connection"), Reason.UNAVAILABLE),
        (Refused("stripe", "it answered 401"), Reason.REFUSED),
        (NotConnected("db", "ACCRUE_READ_DSN"), Reason.NOT_CONNECTED),
        (NotInstalled("api", "it has no route /v1/replay"), Reason.NOT_INSTALLED),
        (ExpressionError("'n' is declared count"), Reason.BROKEN),
    ],
)
def test_each_error_is_a_failure_of_its_reason(error: CountersignError, reason: Reason) -> None:
    assert failure(error, question=question("q"), now=seen_with({}, {})) == Failure(reason=reason, message=str(error))


def test_what_must_not_leave_is_masked_in_a_failure() -> None:
    told = failure(Refused("api", "no user jane.doe@customer.example"), question=question("q"), now=seen_with({}, {}))

    assert "jane.doe" not in told.message


def test_expressions_see_the_incident_its_labels_the_options_and_the_answers() -> None:
    now = seen(
        _subject({"tenant": "t1"}),
        system=_system({"epsilon": 0.005}),
        runbook=Runbook.model_validate(
            {
                "title": "t",
                "params": {"tenant": {"from": "labels.tenant"}},
                "diagnose": [{"id": "drift", "promql": {"at": "metrics", "query": "x"}}],
            }
        ),
        evidence={"drift": found(value=0.1)},
    )

    scope = now.scope
    assert scope["params"] == {"tenant": "t1"}
    assert scope["option"] == {"epsilon": 0.005}
    assert scope["labels"] == {"tenant": "t1"}
    assert isinstance(scope["incident"], Mapping)
    assert scope["incident"]["starts_at"] == START
    assert isinstance(scope["drift"], Mapping)
    assert scope["drift"]["value"] == 0.1


def _subject(labels: Mapping[str, str]) -> Subject:
    return Subject(
        id="i1",
        event="stripemeter.reconciliation.drift",
        system="stripemeter",
        runbook="stripemeter/drift",
        severity="warning",
        state="firing",
        starts_at=START,
        opened_at=START,
        labels=labels,
        annotations={},
        given={},
    )


def _system(options: Mapping[str, object]) -> System:
    return System.model_validate(
        {
            "system": "stripemeter",
            "title": "StripeMeter",
            "match": ['system="stripemeter"'],
            "channel": "#billing",
            "approvers": {"oncall": {"users": ["U0A"]}},
            "resources": {"metrics": {"prometheus": "env:PROMETHEUS_URL"}},
            "options": options,
            "rules": [{"event": "stripemeter.reconciliation.drift", "runbook": "stripemeter/drift"}],
        }
    )
