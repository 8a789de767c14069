"""Votes at the desk: who is let through, what is written down, and what follows."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.desk import Cause, Declined, Done, deny, vote
from bot.engine.approval import Why
from bot.engine.request import State
from bot.store.work import Queue
from tests.kit.trust import (
    ALIAS,
    APPROVER,
    BOT,
    GONE,
    GUEST,
    LEAD,
    OUTSIDER,
    REQUESTER,
    SECOND,
    STRANGER,
    Office,
    runbook,
)


def press(office: Office, request_id: str, person: str, digest: str | None = None) -> Done | Declined:
    return vote(office.desk, person=person, request_id=request_id, digest=digest or office.digest(request_id))


def why(told: Done | Declined) -> object:
    assert isinstance(told, Declined)
    return told.why


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        pytest.param(REQUESTER, Why.REQUESTER, id="the-requester"),
        pytest.param(ALIAS, Why.ALIAS, id="the-requester-s-other-account"),
        pytest.param(OUTSIDER, Why.NOT_IN_GROUP, id="in-the-channel-only"),
        pytest.param(BOT, Why.BOT, id="a-bot-in-the-group"),
        pytest.param(GUEST, Why.GUEST, id="a-guest-in-the-group"),
        pytest.param(STRANGER, Why.STRANGER, id="a-stranger-in-the-group"),
        pytest.param(GONE, Why.DELETED, id="a-deactivated-account-in-the-group"),
        pytest.param("U0NOBODY", Why.UNCERTAIN, id="unknown-to-the-directory"),
    ],
)
def test_a_vote_that_does_not_count_is_refused_audited_and_shown_to_nobody(
    office: Office, person: str, reason: Why
) -> None:
    request_id = office.ask()
    shown = len(office.shown.requests)

    told = press(office, request_id, person)

    assert why(told) is reason
    assert office.request(request_id).state is State.OPEN
    [entry] = office.audited("request.vote_refused")
    assert (entry.actor, entry.request_id, json.loads(entry.data)["why"]) == (person, request_id, reason)
    assert len(office.shown.requests) == shown
    assert office.host.effects == []


def test_nobody_can_approve_while_the_directory_is_away(office: Office) -> None:
    request_id = office.ask()
    office.directory.is_down = True

    assert why(press(office, request_id, APPROVER)) is Why.UNCERTAIN


def test_a_usergroup_that_cannot_be_read_holds_nobody(office: Office) -> None:
    request_id = office.ask()
    office.directory.groups.clear()

    assert why(press(office, request_id, APPROVER)) is Why.UNCERTAIN


def test_people_named_in_the_rules_need_no_usergroup_to_answer(office: Office) -> None:
    request_id = office.ask()
    office.directory.groups.clear()

    assert press(office, request_id, LEAD) == Done(id=request_id)


def test_a_high_risk_needs_two_people(office: Office) -> None:
    office.runbook = runbook(risk="high")
    request_id = office.ask()

    assert press(office, request_id, APPROVER) == Done(id=request_id)
    assert office.request(request_id).state is State.OPEN
    assert why(press(office, request_id, APPROVER)) is Why.ALREADY_VOTED
    assert press(office, request_id, SECOND) == Done(id=request_id)
    assert office.request(request_id).state is State.APPROVED


def test_two_accounts_of_one_person_are_one(office: Office) -> None:
    office.runbook = runbook(risk="high")
    second_account = replace(office.directory.people[SECOND], email="u0first+2@example.com")
    office.directory.people[SECOND] = second_account
    request_id = office.ask()

    press(office, request_id, APPROVER)

    assert why(press(office, request_id, SECOND)) is Why.ALREADY_VOTED
    assert office.request(request_id).state is State.OPEN


def test_who_was_deactivated_since_no_longer_counts(office: Office) -> None:
    office.runbook = runbook(risk="high")
    request_id = office.ask()
    press(office, request_id, APPROVER)
    office.directory.people[APPROVER] = replace(office.directory.people[APPROVER], is_deleted=True)

    assert press(office, request_id, SECOND) == Done(id=request_id)
    assert office.request(request_id).state is State.OPEN
    assert press(office, request_id, LEAD) == Done(id=request_id)
    assert office.request(request_id).state is State.APPROVED


def test_the_last_vote_orders_the_execution_in_its_own_transaction(office: Office) -> None:
    request_id = office.ask()

    press(office, request_id, APPROVER)

    assert [job.id for _, job in office.waiting if job.queue is Queue.EXECUTE and job.handler == "execute"] == [
        f"execute:{request_id}"
    ]


def test_a_vote_for_what_was_shown_before_is_refused(office: Office) -> None:
    request_id = office.ask()

    assert why(press(office, request_id, APPROVER, digest="0" * 64)) is Why.DIGEST_DIFFERS


def test_a_request_expires(office: Office) -> None:
    request_id = office.ask()

    office.pass_time(timedelta(minutes=30))

    assert office.request(request_id).state is State.EXPIRED
    assert why(press(office, request_id, APPROVER)) is Why.EXPIRED
    assert "request.expired" in office.kinds()


def test_a_vote_after_the_time_is_refused_even_if_the_expiry_job_is_late(office: Office) -> None:
    request_id = office.ask()
    office.at += timedelta(minutes=30)

    assert why(press(office, request_id, APPROVER)) is Why.EXPIRED


def test_one_denial_ends_it(office: Office) -> None:
    office.runbook = runbook(risk="high")
    request_id = office.ask()
    press(office, request_id, APPROVER)

    told = deny(office.desk, person=SECOND, request_id=request_id, digest=office.digest(request_id), reason="month-end")

    assert told == Done(id=request_id)
    assert (office.request(request_id).state, office.request(request_id).note) == (State.DENIED, "denied: month-end")
    assert why(press(office, request_id, LEAD)) is Why.SETTLED


def test_the_requester_withdraws(office: Office) -> None:
    request_id = office.ask()

    deny(office.desk, person=REQUESTER, request_id=request_id, digest=office.digest(request_id))

    assert office.request(request_id).note == "withdrawn by the requester"


def test_an_outsider_cannot_deny(office: Office) -> None:
    request_id = office.ask()

    told = deny(office.desk, person=OUTSIDER, request_id=request_id, digest=office.digest(request_id))

    assert why(told) is Why.NOT_IN_GROUP


def test_a_vote_on_nothing_is_declined(office: Office) -> None:
    assert why(vote(office.desk, person=APPROVER, request_id="none", digest="0" * 64)) is Cause.NOT_FOUND


def test_nobody_approves_by_files_that_are_gone(office: Office) -> None:
    request_id = office.ask()
    office.runbook = runbook(id="other")

    assert why(press(office, request_id, APPROVER)) is Why.NOT_IN_GROUP
