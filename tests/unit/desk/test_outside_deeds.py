"""Without Slack, too: asking, stopping, settling, break-glass, its review, and the bot's switches."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from bot.core.errors import CountersignError, Unavailable, Unknown
from bot.core.ports import HttpCall
from bot.desk import Cause, Declined, Done, outside
from bot.desk.outside import Caller, Door
from bot.desk.proving import enrol
from bot.desk.remembering import Remembering
from bot.engine.approval import Choice, Why
from bot.engine.one_time import Codes
from bot.engine.runbook import Runbook
from bot.jobs.acquaintance import Acquaintance
from bot.store.database import Database
from tests.kit.trust import ACTION, APPROVER, INCIDENT, LEAD, OUTSIDER, REQUESTER, SECOND, SYSTEM, Office, runbook

HIGH = {"risk": "high", "limits": {"max_targets": 5, "per_hour": 3}}


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    return desked(sqlite_database, runbook(**HIGH))


def desked(database: Database, files: Runbook) -> Office:
    made = Office(database=database, runbook=files)
    made.desk = replace(
        made.desk,
        codes=Codes(b"a key of thirty-two characters.."),
        directory=Remembering(made.directory, database=database, now=made.now),
    )
    made.open_incident()
    return made


def unknown(office: Office) -> str:
    """A request whose one call lost its answer, and whose target cannot say what became of it."""

    def lost(call: HttpCall) -> CountersignError | None:
        if call.path.startswith("/replays/"):
            return Unavailable("api", "no answer")
        return Unknown("api", "the connection broke") if call.path == "/replay" else None

    office.host.answers = lost
    request_id = office.ask()
    office.approve(request_id, APPROVER, LEAD)
    return request_id


def meet(office: Office) -> None:
    """Slack answers about everybody who may approve, once."""
    Acquaintance(
        database=office.database, directory=office.desk.directory, systems=lambda: {"ledger": SYSTEM}, now=office.now
    )()


def caller(office: Office, who: str, *, door: Door = Door.CLI, code: str | None = None) -> Caller:
    enrolled = enrol(office.desk, person=who, by="root")
    assert isinstance(enrolled, tuple)
    app = pyotp.parse_uri(enrolled[1])
    assert isinstance(app, pyotp.TOTP)
    return Caller(person=who, code=code or app.at(office.at), door=door)


def decide(
    office: Office,
    request_id: str,
    who: str,
    *,
    choice: Choice = Choice.APPROVE,
    reason: str | None = "Slack is down",
    **more: Any,
) -> Done | Declined:
    return outside.decide(
        office.desk,
        caller(office, who, **more),
        request_id=request_id,
        digest=office.digest(request_id),
        choice=choice,
        reason=reason,
    )


def why(told: Done | Declined) -> str | None:
    return told.why if isinstance(told, Declined) else None


def test_somebody_asks_and_two_others_approve_while_slack_is_down(office: Office) -> None:
    office.directory.person(OUTSIDER)
    meet(office)
    office.desk.directory.person(OUTSIDER)
    office.directory.is_down = True

    told = outside.ask(
        office.desk,
        caller(office, OUTSIDER),
        incident_id=INCIDENT,
        action="replay",
        inputs={"kind": "invoice"},
        reason="customers wait",
    )
    assert isinstance(told, Done), told
    office.work()
    votes = [decide(office, told.id, who) for who in (APPROVER, LEAD)]
    office.work()

    assert [why(each) for each in votes] == [None, None]
    assert len(office.host.effects) == 1
    assert office.audited("person.proved")[0].content["for"] == "ask"


@pytest.mark.parametrize(
    ("changes", "no"),
    [
        pytest.param({"action": "nothing"}, Cause.NOT_OFFERED, id="no such action"),
        pytest.param({"inputs": {"kind": "NOT THIS"}}, Cause.BAD_INPUT, id="a bad input"),
        pytest.param({"reason": " "}, Cause.NO_REASON, id="no reason"),
        pytest.param({"original_id": "another"}, Cause.NOT_OFFERED, id="an undo of nothing"),
    ],
)
def test_what_cannot_be_asked_for_says_why(office: Office, changes: dict[str, Any], no: Cause) -> None:
    wish: dict[str, Any] = {"action": "replay", "inputs": {}, "reason": "customers wait"}

    told = outside.ask(office.desk, caller(office, REQUESTER), incident_id=INCIDENT, **(wish | changes))

    assert why(told) is no
    assert office.kinds()[-2:] == ["person.proved", "request.ask_refused"]


def test_what_was_executed_is_undone_without_slack(office: Office) -> None:
    request_id = office.ask()
    office.approve(request_id, APPROVER, LEAD)

    told = outside.ask(
        office.desk,
        caller(office, REQUESTER),
        incident_id=INCIDENT,
        action="unplay",
        inputs={},
        reason="too much",
        original_id=request_id,
    )

    assert isinstance(told, Done), told
    assert office.request(told.id).original_id == request_id


def test_a_call_without_an_answer_is_settled_without_slack_by_who_did_not_ask_for_it(office: Office) -> None:
    request_id = unknown(office)
    office.at += timedelta(minutes=11)

    def settle(who: str, **more: Any) -> Done | Declined:
        given: dict[str, Any] = {"took_effect": False, "reason": "the ledger has no such replay", **more}
        return outside.settle(office.desk, caller(office, who), request_id=request_id, **given)

    assert why(settle(REQUESTER)) is Why.REQUESTER
    assert why(settle(LEAD, reason=" ")) is Cause.NO_REASON
    assert why(settle(LEAD)) is None
    assert [entry.actor for entry in office.audited("execution.settled_by")] == [LEAD]


def test_an_execution_is_stopped_without_slack(office: Office) -> None:
    request_id = unknown(office)

    told = outside.stop(office.desk, caller(office, OUTSIDER), request_id=request_id)
    again = outside.stop(office.desk, caller(office, LEAD), request_id=request_id)

    assert why(told) is Why.NOT_IN_GROUP
    assert why(again) is Cause.NOT_RUNNING  # it has ended with its last call, which nobody can stop
    assert office.kinds().count("person.proved") == 2


def test_the_rest_of_one_goes_on_without_slack_once_others_agree(sqlite_database: Database) -> None:
    each = {"each": True, "http": {**ACTION["do"][0]["http"], "json": {"ids": ["{{ target }}"]}}}
    office = desked(sqlite_database, runbook(**HIGH, do=[each], batches={"check": "health.status == 'healthy'"}))
    request_id = office.ask()
    office.approve(request_id, APPROVER, LEAD)
    outside.stop(office.desk, caller(office, LEAD), request_id=request_id)
    office.work()

    def go_on(who: str, reason: str | None = "looked at it") -> Done | Declined:
        return outside.resume(office.desk, caller(office, who), request_id=request_id, reason=reason)

    assert why(go_on(OUTSIDER)) is Why.NOT_IN_GROUP
    assert why(go_on(LEAD, None)) is Cause.NO_REASON
    assert why(go_on(LEAD)) is None
    assert why(decide(office, request_id, LEAD)) is Why.RESUMER
    assert [why(decide(office, request_id, who)) for who in (APPROVER, SECOND)] == [None, None]
    office.work()
    assert len(office.audited("resumption.started")) == 1


def test_a_lone_approver_breaks_the_glass_and_another_reviews_it_without_slack(sqlite_database: Database) -> None:
    office = desked(sqlite_database, runbook(**HIGH, break_glass=True))
    request_id = office.ask()

    alone = decide(office, request_id, REQUESTER, choice=Choice.BREAK_GLASS, reason="the books close in an hour")
    office.work()
    own = outside.review(office.desk, caller(office, REQUESTER), request_id=request_id)
    reviewed = outside.review(office.desk, caller(office, LEAD), request_id=request_id)

    assert (why(alone), why(own), why(reviewed)) == (None, Why.OWN_BREAK_GLASS, None)
    assert len(office.host.effects) == 1
    assert [entry.actor for entry in office.audited("request.reviewed")] == [LEAD]


def test_break_glass_without_slack_needs_its_reason(sqlite_database: Database) -> None:
    office = desked(sqlite_database, runbook(**HIGH, break_glass=True))
    request_id = office.ask()

    assert why(decide(office, request_id, APPROVER, choice=Choice.BREAK_GLASS, reason="")) is Why.NO_REASON


def test_the_bot_is_stopped_and_let_go_on_without_slack(office: Office) -> None:
    office.handlers = {**office.handlers, "announce_switch": lambda *_: None}
    desk, request_id = office.desk, office.ask()
    meet(office)
    office.directory.is_down = True

    stranger = outside.engage(desk, caller(office, OUTSIDER), name="bot", reason="so")
    engaged = outside.engage(desk, caller(office, LEAD), name="bot", reason="a wrong deploy")
    office.at += timedelta(minutes=1)
    again = outside.engage(desk, caller(office, LEAD), name="bot", reason="a wrong deploy")
    votes = [decide(office, request_id, who) for who in (APPROVER, SECOND)]
    office.work()
    held = len(office.host.effects)
    office.at += timedelta(minutes=1)
    released = outside.release(desk, caller(office, LEAD), name="bot", reason="rolled back")

    assert (why(stranger), why(engaged), why(again)) == (Why.UNCERTAIN, None, Cause.ALREADY_ENGAGED)
    assert [why(each) for each in votes] == [None, None]
    assert why(released) is None
    assert held == 0
