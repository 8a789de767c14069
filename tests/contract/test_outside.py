"""Deciding while Slack is down, on both databases: what was known of people lately is good for a while, and is said."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from bot.core.errors import NotVouched
from bot.core.ports import Person
from bot.desk import Cause, Declined, Done, outside, vote
from bot.desk.outside import Caller, Door
from bot.desk.proving import enrol
from bot.desk.remembering import Remembering
from bot.engine.approval import Choice, Why
from bot.engine.one_time import Codes
from bot.engine.request import State
from bot.engine.runbook import Risk
from bot.jobs.acquaintance import Acquaintance
from bot.store import known
from bot.store.database import Database
from tests.kit.trust import (
    APPROVER,
    GUEST,
    INCIDENT,
    LEAD,
    OUTSIDER,
    REQUESTER,
    SECOND,
    SYSTEM,
    Office,
    person,
    runbook,
)

HIGH = {"risk": "high", "limits": {"max_targets": 5, "per_hour": 3}}


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database=database, runbook=runbook(**HIGH))
    made.desk = replace(
        made.desk,
        codes=Codes(b"a key of thirty-two characters.."),
        directory=Remembering(made.directory, database=database, now=made.now),
    )
    made.open_incident()
    return made


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


def test_two_people_approve_while_slack_is_down_and_it_runs_once(office: Office) -> None:
    request_id = office.ask()
    meet(office)
    office.directory.is_down = True
    office.at += timedelta(minutes=5)

    first = decide(office, request_id, APPROVER)
    second = decide(office, request_id, LEAD, door=Door.API)
    office.work()

    assert (why(first), why(second)) == (None, None)
    assert len(office.host.effects) == 1
    proofs = [entry.content for entry in office.audited("person.proved")]
    assert [each["door"] for each in proofs] == ["cli", "api"]
    assert proofs[0]["recalled_seconds_ago"] == {APPROVER: 300, REQUESTER: 300, "S0ONCALL": 300}


def test_while_slack_answers_nothing_is_recalled(office: Office) -> None:
    request_id = office.ask()

    decide(office, request_id, APPROVER)

    assert office.audited("person.proved")[0].content["recalled_seconds_ago"] == {}


def test_facts_that_are_too_old_count_nobody(office: Office) -> None:
    meet(office)
    office.at += office.desk.oldest_facts
    request_id = office.ask()
    office.directory.is_down = True
    office.at += timedelta(seconds=1)

    told = decide(office, request_id, APPROVER)

    assert why(told) is Why.UNCERTAIN


def test_nobody_votes_who_was_never_heard_of(office: Office) -> None:
    request_id = office.ask()
    office.directory.is_down = True

    assert why(decide(office, request_id, LEAD)) is Why.UNCERTAIN


@pytest.mark.parametrize(
    ("who", "no"),
    [
        pytest.param(REQUESTER, Why.REQUESTER, id="the requester"),
        pytest.param(GUEST, Why.GUEST, id="a guest in the group"),
        pytest.param(OUTSIDER, Why.NOT_IN_GROUP, id="somebody in no group"),
    ],
)
def test_what_was_known_of_people_holds_against_them_too(office: Office, who: str, no: Why) -> None:
    office.desk.directory.person(OUTSIDER)
    request_id = office.ask()
    meet(office)
    office.directory.is_down = True

    assert why(decide(office, request_id, who)) is no


def test_what_slack_says_now_counts_and_not_what_it_said_before(office: Office) -> None:
    meet(office)
    request_id = office.ask()
    office.directory.people[APPROVER] = person(APPROVER, is_deleted=True)

    assert why(decide(office, request_id, APPROVER)) is Why.DELETED


class Unvouching:
    """A directory that answers, and says that there is no such person."""

    def person(self, user_id: str) -> Person:
        raise NotVouched("slack's directory", "user_not_found", is_gone=True)

    def members(self, usergroup_id: str) -> frozenset[str]:
        return frozenset()


def test_whom_slack_does_not_know_any_more_is_not_recalled_and_is_forgotten(office: Office) -> None:
    meet(office)
    request_id = office.ask()
    office.desk = replace(office.desk, directory=Remembering(Unvouching(), database=office.database, now=office.now))

    told = decide(office, request_id, LEAD)

    assert why(told) is Why.UNCERTAIN
    with office.database.read() as conn:
        assert known.person(conn, LEAD) is None


def test_in_slack_nothing_is_recalled(office: Office) -> None:
    meet(office)
    request_id = office.ask()
    office.directory.is_down = True

    told = vote(office.desk, person=LEAD, request_id=request_id, digest=office.digest(request_id))

    assert why(told) is Why.UNCERTAIN


def test_a_wrong_code_casts_no_vote(office: Office) -> None:
    request_id = office.ask()

    assert why(decide(office, request_id, APPROVER, code="12345")) is Cause.WRONG_CODE
    assert office.kinds()[-1] == "person.not_proved"
    assert "request.voted" not in office.kinds()


def test_an_approver_or_the_requester_denies(office: Office) -> None:
    request_id = office.ask()
    meet(office)
    office.directory.is_down = True

    told = decide(office, request_id, REQUESTER, choice=Choice.DENY)

    assert why(told) is None
    assert office.request(request_id).state is State.DENIED


def test_there_is_nothing_to_do_about_what_is_not_there_and_no_code_is_used_up(office: Office) -> None:
    desk, here = office.desk, caller(office, APPROVER)

    told = [
        outside.decide(desk, here, request_id="another", digest="", choice=Choice.APPROVE),
        outside.stop(desk, here, request_id="another"),
        outside.settle(desk, here, request_id="another", took_effect=True, reason="so"),
        outside.review(desk, here, request_id="another"),
        outside.ask(desk, here, incident_id="another", action="replay", inputs={}),
    ]

    assert {why(each) for each in told} == {Cause.NOT_FOUND}
    assert why(outside.ask(desk, here, incident_id=INCIDENT, action="replay", inputs={}, reason="now")) is None


def test_from_the_configured_risk_on_a_vote_needs_a_code_wherever_it_comes_from(office: Office) -> None:
    request_id = office.ask()
    office.desk = replace(office.desk, second_factor=Risk.HIGH)
    digest = office.digest(request_id)

    told = vote(office.desk, person=APPROVER, request_id=request_id, digest=digest)
    assert why(told) is Why.NO_CODE
    assert why(decide(office, request_id, APPROVER, door=Door.SLACK)) is None

    office.desk = replace(office.desk, second_factor=Risk.SEVERE)
    assert why(vote(office.desk, person=SECOND, request_id=request_id, digest=digest)) is None
