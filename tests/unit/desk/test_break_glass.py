"""One person alone: where the runbook lets them, loudly, and reviewed by somebody else."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from bot.desk import Declined, Done, break_glass, review, vote
from bot.engine.approval import Why
from bot.engine.request import State
from bot.store import reviews
from bot.store.tables import incidents
from tests.kit.trust import ALIAS, APPROVER, GUEST, LEAD, OUTSIDER, REQUESTER, SECOND, SYSTEM, Office, runbook


@pytest.fixture
def office(office: Office) -> Office:
    office.runbook = runbook(risk="high", break_glass=True)
    return office


def smash(office: Office, request_id: str, person: str, **more: object) -> Done | Declined:
    given = {"person": person, "request_id": request_id, "digest": office.digest(request_id), "reason": "nobody is up"}
    return break_glass(office.desk, **{**given, **more})  # type: ignore[arg-type]  # a table of arguments


def why(told: Done | Declined) -> object:
    assert isinstance(told, Declined), told
    return told.why


@pytest.mark.parametrize("person", [REQUESTER, APPROVER, LEAD])
def test_one_approver_runs_it_alone_once_and_it_waits_for_a_review(office: Office, person: str) -> None:
    request_id = office.ask()

    assert smash(office, request_id, person) == Done(id=request_id)
    office.work()

    assert len(office.host.effects) == 1
    [entry] = office.audited("request.glass_broken")
    assert (entry.actor, json.loads(entry.data)["reason"]) == (person, "nobody is up")
    with office.database.read() as conn:
        assert [request.id for request in reviews.missing(conn)] == [request_id]


@pytest.mark.parametrize(
    ("changes", "more", "person", "reason"),
    [
        pytest.param({"break_glass": False}, {}, REQUESTER, Why.NO_BREAK_GLASS, id="an-action-without-it"),
        pytest.param({"risk": "severe", "break_glass": False}, {}, REQUESTER, Why.NO_BREAK_GLASS, id="severe-unsaid"),
        pytest.param({"risk": "severe"}, {}, REQUESTER, Why.NO_PHRASE, id="severe-without-its-phrase"),
        pytest.param({}, {"reason": ""}, REQUESTER, Why.NO_REASON, id="no-reason"),
        pytest.param({}, {"reason": "  "}, REQUESTER, Why.NO_REASON, id="a-blank-reason"),
        pytest.param({}, {}, OUTSIDER, Why.NOT_IN_GROUP, id="in-no-approver-group"),
        pytest.param({}, {}, GUEST, Why.GUEST, id="a-guest-in-the-group"),
        pytest.param({}, {}, "U0NOBODY", Why.UNCERTAIN, id="unknown-to-the-directory"),
        pytest.param({}, {"digest": "0" * 64}, REQUESTER, Why.DIGEST_DIFFERS, id="another-digest"),
        pytest.param({"limits": {"soft": {"targets": 1}}}, {}, REQUESTER, Why.TOO_MUCH_ALONE, id="beyond-the-usual"),
    ],
)
def test_break_glass_is_refused_and_audited(
    office: Office, changes: dict[str, object], more: dict[str, object], person: str, reason: Why
) -> None:
    office.runbook = runbook(**{"risk": "high", "break_glass": True, **changes})
    request_id = office.ask()

    told = smash(office, request_id, person, **more)
    office.work()

    assert why(told) is reason
    [entry] = office.audited("request.vote_refused")
    assert (entry.actor, json.loads(entry.data)["why"]) == (person, reason)
    assert office.host.effects == []
    assert office.request(request_id).state is State.OPEN


def test_an_installation_may_have_none(office: Office) -> None:
    office.break_glass = False
    office.__post_init__()
    request_id = office.ask()

    assert why(smash(office, request_id, REQUESTER)) is Why.NO_BREAK_GLASS


def test_an_installation_that_ends_it_stops_what_has_not_begun(office: Office) -> None:
    request_id = office.ask()
    smash(office, request_id, REQUESTER)
    office.break_glass = False
    office.__post_init__()

    office.work()

    assert office.host.effects == []
    assert office.request(request_id).state is State.REFUSED


def test_a_severe_action_says_so_itself_and_wants_its_phrase(office: Office) -> None:
    office.runbook = runbook(risk="severe", break_glass=True)
    request_id = office.ask()

    assert smash(office, request_id, REQUESTER, typed="replay") == Done(id=request_id)
    office.work()
    assert len(office.host.effects) == 1


def test_who_has_voted_does_not_vote_again_alone(office: Office) -> None:
    request_id = office.ask()
    vote(office.desk, person=APPROVER, request_id=request_id, digest=office.digest(request_id))

    assert why(smash(office, request_id, APPROVER)) is Why.ALREADY_VOTED
    assert smash(office, request_id, REQUESTER) == Done(id=request_id)


def test_targets_that_have_changed_are_not_run_alone_either(office: Office) -> None:
    request_id = office.ask()
    office.host.items["ev_3"] = 1

    assert why(smash(office, request_id, REQUESTER)) is Why.TARGETS_CHANGED
    assert office.request(request_id).state is State.SUPERSEDED


def test_who_breaks_the_glass_need_not_confirm_a_resolved_alert_twice(office: Office) -> None:
    request_id = office.ask()
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(state="resolved", resolved_at=office.at))

    assert smash(office, request_id, REQUESTER) == Done(id=request_id)
    office.work()
    assert len(office.host.effects) == 1


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        pytest.param(SECOND, None, id="another-approver"),
        pytest.param(LEAD, None, id="a-lead"),
        pytest.param(APPROVER, Why.OWN_BREAK_GLASS, id="who-ran-it"),
        pytest.param(REQUESTER, Why.REQUESTER, id="who-asked-for-it"),
        pytest.param(ALIAS, Why.ALIAS, id="another-account-of-who-asked"),
        pytest.param(OUTSIDER, Why.NOT_IN_GROUP, id="in-no-approver-group"),
        pytest.param(GUEST, Why.GUEST, id="a-guest"),
        pytest.param("U0NOBODY", Why.UNCERTAIN, id="unknown-to-the-directory"),
    ],
)
def test_somebody_else_reviews_it(office: Office, person: str, reason: Why | None) -> None:
    request_id = office.ask()
    smash(office, request_id, APPROVER)
    office.work()

    told = review(office.desk, person=person, request_id=request_id)

    with office.database.read() as conn:
        left = [request.id for request in reviews.missing(conn)]
    if reason is None:
        assert told == Done(id=request_id)
        assert left == []
        assert [entry.actor for entry in office.audited("request.reviewed")] == [person]
        assert why(review(office.desk, person=person, request_id=request_id)) is Why.REVIEWED
    else:
        assert why(told) is reason
        assert left == [request_id]
        [entry] = office.audited("request.review_refused")
        assert (entry.actor, json.loads(entry.data)["why"]) == (person, reason)


def test_another_account_of_who_ran_it_does_not_review_it(office: Office) -> None:
    office.system = SYSTEM.model_copy(update={"identities": {"first": (APPROVER, SECOND)}})
    request_id = office.ask()
    smash(office, request_id, APPROVER)

    assert why(review(office.desk, person=SECOND, request_id=request_id)) is Why.OWN_BREAK_GLASS


def test_a_request_that_two_approved_has_nothing_to_review(office: Office) -> None:
    request_id = office.ask()
    office.approve(request_id, APPROVER, SECOND)

    assert why(review(office.desk, person=LEAD, request_id=request_id)) is Why.NOT_BROKEN


def test_without_an_address_nobody_breaks_the_glass(office: Office) -> None:
    office.directory.people[APPROVER] = replace(office.directory.people[APPROVER], email=None)
    request_id = office.ask()

    assert why(smash(office, request_id, APPROVER)) is Why.NO_EMAIL
