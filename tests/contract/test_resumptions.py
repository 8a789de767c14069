"""The rest of a stopped execution goes on from its cursor, once others have agreed to just that; on both databases."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Update, update

from bot.core.errors import Refused
from bot.desk import Cause, Declined, Done, ask, break_glass, deny, engage, release, resume, stop, vote
from bot.engine import execution
from bot.engine.approval import Why
from bot.engine.request import State as Requested
from bot.engine.resumption import State
from bot.engine.runbook import Risk
from bot.export.bundle import bundle
from bot.export.page import page
from bot.export.rows import gather
from bot.slack.commands.lists import open_requests
from bot.slack.home_view import home_view
from bot.store import executions, requests, resumptions
from bot.store.database import Database
from bot.store.stock import stock
from bot.store.tables import deeds, incidents
from bot.store.tables import resumption_votes as vote_rows
from bot.store.tables import resumptions as rows
from tests.contract.test_batches import BATCHES, CHECK, ITEMS, SEND, begun, calls_of, outcome, survivor_of, touched
from tests.contract.test_executions import another, state
from tests.kit.trust import ALIAS, APPROVER, GUEST, INCIDENT, LEAD, OUTSIDER, REQUESTER, SECOND, Host, Office, runbook

Tamper = Callable[[Office, str], Update]
WHY = "the mail server is back"


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database=database, host=Host(items=dict(ITEMS)), runbook=runbook(do=[SEND], batches=BATCHES))
    made.open_incident()
    return made


@pytest.fixture
def here(sqlite_database: Database) -> Office:
    made = Office(database=sqlite_database, host=Host(items=dict(ITEMS)), runbook=runbook(do=[SEND], batches=BATCHES))
    made.open_incident()
    return made


def stopped(office: Office) -> str:
    """A request that did its canary and was stopped then; four of its five items are left."""
    request_id = begun(office)
    assert isinstance(stop(office.desk, person=APPROVER, request_id=request_id), Done)
    office.work()
    assert state(office, request_id) is execution.State.STOPPED
    return request_id


def ask_on(office: Office, request_id: str, person: str = REQUESTER, reason: str | None = WHY) -> Done | Declined:
    return resume(office.desk, person=person, request_id=request_id, reason=reason)


def stands(office: Office, request_id: str) -> State:
    found = office.resumption(request_id)
    assert found is not None
    return found.state


def test_it_goes_on_with_exactly_what_is_left_once_others_agree(office: Office) -> None:
    request_id = stopped(office)

    assert isinstance(ask_on(office, request_id), Done)
    office.pass_time(CHECK)
    asked = touched(office)
    office.approve(request_id, LEAD)
    office.pass_time(timedelta(minutes=1))

    assert asked == ["ev_1"]
    assert touched(office) == list(ITEMS)
    assert state(office, request_id) is execution.State.VERIFIED
    assert stands(office, request_id) is State.STARTED


def test_what_is_done_is_checked_first_and_a_canary_goes_again(office: Office) -> None:
    request_id = stopped(office)
    ask_on(office, request_id)

    office.approve(request_id, LEAD)
    at_once = touched(office)
    office.pass_time(CHECK)
    after_a_check = touched(office)
    office.pass_time(CHECK)

    assert at_once == ["ev_1"]
    assert after_a_check == ["ev_1", "ev_2"]
    assert touched(office) == ["ev_1", "ev_2", "ev_3"]


def test_a_check_that_still_does_not_hold_ends_it_again_and_it_can_go_on_later(office: Office) -> None:
    request_id = begun(office)
    office.host.status = "degraded"
    office.pass_time(timedelta(minutes=1))
    assert state(office, request_id) is execution.State.FAILED

    ask_on(office, request_id)
    office.approve(request_id, LEAD)
    office.pass_time(timedelta(minutes=1))
    still = touched(office), state(office, request_id)
    office.host.status = "healthy"
    ask_on(office, request_id)
    office.approve(request_id, LEAD)
    office.pass_time(timedelta(minutes=1))

    assert still == (["ev_1"], execution.State.FAILED)
    assert touched(office) == list(ITEMS)
    assert state(office, request_id) is execution.State.VERIFIED


def test_what_failed_is_passed_over_and_the_whole_is_not_called_done(office: Office) -> None:
    request_id = begun(office)
    office.host.answers = lambda call: Refused("ledger", "closed") if call.json == {"ids": ["ev_2"]} else None
    office.pass_time(timedelta(seconds=30))
    assert state(office, request_id) is execution.State.FAILED

    ask_on(office, request_id)
    office.host.answers = lambda _: None
    office.approve(request_id, LEAD)
    office.pass_time(timedelta(minutes=2))

    assert touched(office) == ["ev_1", "ev_3", "ev_4", "ev_5"]
    assert calls_of(office, request_id)[2] == "passed"
    assert state(office, request_id) is execution.State.FAILED
    assert outcome(office, request_id) == "4 of 5 calls done, 1 failed before and was passed over"
    assert isinstance(told := ask_on(office, request_id), Declined)
    assert told.why is Cause.NOT_RESUMABLE


def test_a_call_that_builds_on_one_that_failed_is_not_made(here: Office) -> None:
    both = {**SEND, "each": False, "http": {**SEND["http"], "json": {"ids": "{{ targets.ids }}"}}}
    here.runbook = runbook(do=[both, both])
    here.host.answers = lambda call: Refused("ledger", "closed") if call.path == "/replay" else None
    request_id = begun(here)
    assert state(here, request_id) is execution.State.FAILED

    told = ask_on(here, request_id)

    assert isinstance(told, Declined)
    assert "on which the next may build" in told.say


@pytest.mark.parametrize(
    ("person", "reason", "why"),
    [
        pytest.param(OUTSIDER, WHY, Why.NOT_IN_GROUP, id="outside"),
        pytest.param(GUEST, WHY, Why.GUEST, id="guest"),
        pytest.param("U0NOBODY", WHY, Why.UNCERTAIN, id="unknown"),
        pytest.param(LEAD, "  ", Cause.NO_REASON, id="no-reason"),
    ],
)
def test_not_everybody_asks_for_it(here: Office, person: str, reason: str, why: Why | Cause) -> None:
    request_id = stopped(here)

    told = ask_on(here, request_id, person, reason)

    assert isinstance(told, Declined)
    assert told.why is why
    [entry] = here.audited("resumption.ask_refused")
    assert entry.actor == person
    assert json.loads(entry.data)["why"] == why
    assert here.resumption(request_id) is None


@pytest.mark.parametrize(
    ("resumer", "person", "why"),
    [
        pytest.param(REQUESTER, REQUESTER, Why.REQUESTER, id="requester"),
        pytest.param(LEAD, REQUESTER, Why.REQUESTER, id="requester-of-the-whole"),
        pytest.param(LEAD, ALIAS, Why.ALIAS, id="alias-of-the-requester"),
        pytest.param(LEAD, LEAD, Why.RESUMER, id="who-asks"),
        pytest.param(LEAD, OUTSIDER, Why.NOT_IN_GROUP, id="outside"),
    ],
)
def test_whoever_asks_or_asked_does_not_approve_it(here: Office, resumer: str, person: str, why: Why) -> None:
    request_id = stopped(here)
    ask_on(here, request_id, resumer)

    told = vote(here.desk, person=person, request_id=request_id, digest=here.digest(request_id))
    here.pass_time(CHECK)

    assert isinstance(told, Declined)
    assert told.why is why
    assert [entry.actor for entry in here.audited("resumption.vote_refused")] == [person]
    assert touched(here) == ["ev_1"]


def test_an_alias_of_who_asks_does_not_approve_it(here: Office) -> None:
    request_id = stopped(here)
    here.directory.people[SECOND] = replace(here.directory.people[SECOND], email=f"{LEAD.lower()}+night@example.com")
    ask_on(here, request_id, LEAD)

    told = vote(here.desk, person=SECOND, request_id=request_id, digest=here.digest(request_id))

    assert isinstance(told, Declined)
    assert told.why is Why.RESUMER


def test_it_takes_as_many_as_the_whole_took_and_their_earlier_votes_do_not_count(here: Office) -> None:
    here.runbook = runbook(do=[SEND], batches=BATCHES, risk="high")
    request_id = here.ask()
    here.approve(request_id, APPROVER, LEAD)
    stop(here.desk, person=APPROVER, request_id=request_id)
    here.work()
    ask_on(here, request_id)

    here.approve(request_id, LEAD)
    here.pass_time(CHECK)
    with_one = touched(here), stands(here, request_id)
    here.approve(request_id, SECOND)
    here.pass_time(CHECK)

    assert with_one == (["ev_1"], State.OPEN)
    assert stands(here, request_id) is State.STARTED
    assert touched(here) == ["ev_1", "ev_2"]


def test_a_vote_for_the_whole_is_none_for_the_rest(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)
    old = here.request(request_id).digest
    assert old is not None

    told = vote(here.desk, person=LEAD, request_id=request_id, digest=old)

    assert isinstance(told, Declined)
    assert told.why is Why.DIGEST_DIFFERS


def test_it_is_asked_for_once_at_a_time_and_can_be_denied(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)

    again = ask_on(here, request_id, LEAD)
    deny(here.desk, person=APPROVER, request_id=request_id, digest=here.digest(request_id), reason="wait")
    here.work()

    assert isinstance(again, Declined)
    assert again.why is Cause.ALREADY_ASKED
    assert stands(here, request_id) is State.DENIED
    assert touched(here) == ["ev_1"]
    assert isinstance(ask_on(here, request_id, LEAD), Done)


def test_nobody_runs_the_rest_alone(here: Office) -> None:
    here.runbook = runbook(do=[SEND], batches=BATCHES, break_glass=True)
    request_id = stopped(here)
    ask_on(here, request_id)

    told = break_glass(
        here.desk, person=LEAD, request_id=request_id, digest=here.digest(request_id), reason="nobody is up"
    )

    assert isinstance(told, Declined)
    assert told.why is Why.NO_BREAK_GLASS


def test_targets_that_have_changed_get_a_new_card_when_it_is_asked_for(office: Office) -> None:
    request_id = stopped(office)
    office.host.items["ev_6"] = 6

    told = ask_on(office, request_id)
    office.work()

    assert isinstance(told, Declined)
    assert told.why is Why.TARGETS_CHANGED
    assert stands(office, request_id) is State.SUPERSEDED
    [next_id] = [json.loads(entry.data)["next"] for entry in office.audited("resumption.superseded")]
    fresh = office.request(next_id)
    assert fresh.state is Requested.OPEN or "more than the 5" in (fresh.note or "")
    assert state(office, request_id) is execution.State.STOPPED
    assert isinstance(again := ask_on(office, request_id), Declined)
    assert "newer card" in again.say


@pytest.mark.parametrize("when", ["at-the-vote", "before-it-begins"])
def test_targets_that_have_gone_get_a_new_card_when_it_is_voted_on_and_when_it_begins(here: Office, when: str) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)

    if when == "at-the-vote":
        here.host.items.pop("ev_4")
        told = vote(here.desk, person=LEAD, request_id=request_id, digest=here.digest(request_id))
        assert isinstance(told, Declined)
        assert told.why is Why.TARGETS_CHANGED
    else:
        here.approve_without_running(request_id, LEAD)
        here.host.items.pop("ev_4")
    here.work()

    assert stands(here, request_id) is State.SUPERSEDED
    assert touched(here) == ["ev_1"]
    [next_id] = [json.loads(entry.data)["next"] for entry in here.audited("resumption.superseded")]
    fresh = here.request(next_id)
    assert fresh.targets is not None
    assert fresh.targets.ids == ("ev_2", "ev_3", "ev_5")


def test_targets_that_it_has_dealt_with_may_still_be_there(here: Office) -> None:
    here.runbook = runbook(do=[SEND], batches={**BATCHES, "check": "health.status == 'healthy'"})
    request_id = stopped(here)
    here.host.items = {**here.host.items, "ev_1": 0}

    ask_on(here, request_id)
    here.approve(request_id, LEAD)
    here.pass_time(timedelta(minutes=1))

    assert touched(here) == list(ITEMS)


def test_nobody_goes_on_a_day_after_the_first_approval(here: Office) -> None:
    request_id = stopped(here)
    here.at += timedelta(hours=22, minutes=50)
    assert isinstance(ask_on(here, request_id), Done)
    here.at += timedelta(minutes=15)
    told = vote(here.desk, person=LEAD, request_id=request_id, digest=here.digest(request_id))
    here.work()

    assert isinstance(told, Done)
    assert stands(here, request_id) is State.REFUSED
    assert isinstance(late := ask_on(here, request_id), Declined)
    assert "too long ago" in late.say
    assert touched(here) == ["ev_1"]


def test_it_lapses_when_nobody_decides(office: Office) -> None:
    request_id = stopped(office)
    ask_on(office, request_id)
    digest = office.digest(request_id)

    office.pass_time(timedelta(minutes=31))

    assert stands(office, request_id) is State.EXPIRED
    told = vote(office.desk, person=LEAD, request_id=request_id, digest=digest)
    assert isinstance(told, Declined)
    assert told.why is Why.EXPIRED


def test_a_lapse_and_a_start_whose_jobs_are_lost_come_to_pass_all_the_same(office: Office) -> None:
    request_id = stopped(office)
    ask_on(office, request_id)
    office.approve_without_running(request_id, LEAD)
    office.forget_jobs()

    office.pass_time(timedelta(seconds=11))
    office.sweep()
    office.work()
    began = stands(office, request_id)
    office.pass_time(timedelta(seconds=6))
    stop(office.desk, person=LEAD, request_id=request_id)
    office.work()
    assert isinstance(ask_on(office, request_id), Done)
    office.forget_jobs()
    office.pass_time(timedelta(minutes=31))
    office.sweep()
    office.work()

    assert began is State.STARTED
    assert stands(office, request_id) is State.EXPIRED


def test_an_alert_that_has_resolved_since_must_be_said_to_be_known(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)
    with here.database.begin() as conn:
        conn.execute(update(incidents).values(state="resolved", resolved_at=here.at))

    unaware = vote(here.desk, person=LEAD, request_id=request_id, digest=here.digest(request_id))
    aware = vote(here.desk, person=LEAD, request_id=request_id, digest=here.digest(request_id), anyway=True)
    here.work()

    assert isinstance(unaware, Declined)
    assert unaware.why is Why.ALERT_RESOLVED
    assert isinstance(aware, Done)
    assert stands(here, request_id) is State.STARTED


def test_a_switch_holds_it_and_its_release_lets_it_go_on(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)
    here.handlers = {**here.handlers, "announce_switch": lambda *_: None}
    engage(here.desk, person=LEAD, name="bot:ledger", reason="look first")
    here.approve(request_id, LEAD)
    held = stands(here, request_id), touched(here)

    release(here.desk, person=LEAD, name="bot:ledger", reason="looked")
    here.at += timedelta(seconds=11)
    here.sweep()
    here.work()

    assert held == (State.APPROVED, ["ev_1"])
    assert stands(here, request_id) is State.STARTED


def test_what_is_taken_back_does_not_go_on(here: Office) -> None:
    request_id = stopped(here)
    asked = ask(
        here.desk,
        person=REQUESTER,
        incident_id=INCIDENT,
        action="unplay",
        inputs={},
        reason="back",
        original_id=request_id,
    )
    here.work()

    told = ask_on(here, request_id)

    assert isinstance(asked, Done)
    assert isinstance(told, Declined)
    assert "taken back" in told.say


def test_what_waits_to_go_on_is_not_asked_for_anew(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)

    told = ask(here.desk, person=LEAD, incident_id=INCIDENT, action="replay", inputs={}, reason="once more")

    assert isinstance(told, Declined)
    assert told.why is Cause.ALREADY_ASKED


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_was_asked_for_anew_does_not_go_on(here: Office, when: str) -> None:
    request_id = stopped(here)
    if when == "meanwhile":
        ask_on(here, request_id)
        here.approve_without_running(request_id, LEAD)
        here.at += timedelta(seconds=1)
        with here.database.begin() as conn:  # by somebody who was as quick
            anew = replace(here.request(request_id), id="another", requested_at=here.at, state=Requested.OPEN)
            requests.add(conn, anew)
        here.execute.resume(request_id, "1")
        assert stands(here, request_id) is State.REFUSED
    else:
        here.at += timedelta(seconds=1)
        here.ask()
        told = ask_on(here, request_id)
        assert isinstance(told, Declined)
        assert "newer card" in told.say

    assert touched(here) == ["ev_1"]


def test_what_waits_to_go_on_is_not_taken_back(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)

    told = ask(
        here.desk,
        person=REQUESTER,
        incident_id=INCIDENT,
        action="unplay",
        inputs={},
        reason="back",
        original_id=request_id,
    )

    assert isinstance(told, Declined)


def approved_by_hand(here: Office, request_id: str) -> Update:
    return update(rows).values(state="approved", settled_at=here.at)


def voted(**changes: Any) -> Tamper:
    def tamper(here: Office, request_id: str) -> Update:
        here.approve_without_running(request_id, SECOND)
        return update(vote_rows).values(**changes)

    return tamper


def of_another_digest(here: Office, request_id: str) -> Update:
    here.approve_without_running(request_id, SECOND)
    return update(rows).values(digest="e" * 64)


def of_another_call(here: Office, request_id: str) -> Update:
    here.approve_without_running(request_id, SECOND)
    return update(deeds).values(target="ev_9")


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(of_another_call, id="another-call-that-was-made"),
        pytest.param(approved_by_hand, id="a-state-set-by-hand"),
        pytest.param(voted(person=REQUESTER), id="a-vote-of-the-requester"),
        pytest.param(voted(person=LEAD), id="a-vote-of-who-asked"),
        pytest.param(voted(digest="e" * 64), id="a-vote-for-something-else"),
        pytest.param(of_another_digest, id="another-digest"),
    ],
)
def test_rows_that_somebody_changed_let_nothing_go_on(here: Office, tamper: Tamper) -> None:
    request_id = stopped(here)
    ask_on(here, request_id, LEAD)
    statement = tamper(here, request_id)
    with here.database.begin() as conn:
        conn.execute(statement)

    here.execute.resume(request_id, "1")

    assert stands(here, request_id) is State.REFUSED
    assert touched(here) == ["ev_1"]


def test_processes_that_take_it_up_at_once_are_one(office: Office) -> None:
    request_id = stopped(office)
    ask_on(office, request_id)
    office.approve_without_running(request_id, LEAD)
    processes = [another(office, f"process-{number}") for number in range(4)]
    together = Barrier(len(processes))

    def take_up(process: Office) -> None:
        together.wait()
        process.execute.resume(request_id, "1")

    with ThreadPoolExecutor(len(processes)) as threads:
        list(threads.map(take_up, processes))

    assert len(office.audited("resumption.started")) == 1
    assert len(office.audited("execution.checking")) == 2  # of the canary, and of what was found done


def test_a_process_that_dies_as_it_takes_it_up_is_followed_by_another(office: Office) -> None:
    request_id = stopped(office)
    ask_on(office, request_id)
    office.approve(request_id, LEAD)
    office.pass_time(CHECK)
    assert touched(office) == ["ev_1", "ev_2"]

    left = survivor_of(office)
    left.sweep()
    left.pass_time(timedelta(minutes=1))

    assert touched(left) == list(ITEMS)
    assert state(left, request_id) is execution.State.VERIFIED


def test_it_can_be_stopped_again(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)
    here.approve(request_id, LEAD)
    here.pass_time(CHECK)

    assert isinstance(stop(here.desk, person=LEAD, request_id=request_id), Done)
    here.pass_time(timedelta(minutes=1))

    assert touched(here) == ["ev_1", "ev_2"]
    assert state(here, request_id) is execution.State.STOPPED


def test_votes_without_the_code_that_is_asked_for_by_now_let_nothing_go_on(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)
    here.approve_without_running(request_id, LEAD)

    here.second_factor = Risk.LOW
    here.__post_init__()
    here.execute.resume(request_id, "1")

    assert stands(here, request_id) is State.REFUSED
    assert touched(here) == ["ev_1"]


def test_the_record_tells_who_let_it_go_on_and_after_what(office: Office) -> None:
    request_id = stopped(office)
    ask_on(office, request_id)
    office.approve(request_id, LEAD)
    office.pass_time(timedelta(minutes=1))

    [asked], [started] = office.audited("resumption.asked"), office.audited("resumption.started")
    assert asked.actor == REQUESTER
    assert json.loads(asked.data)["left"] == ["ev_2", "ev_3", "ev_4", "ev_5"]
    assert json.loads(started.data)["after"] == 1
    assert [entry.actor for entry in office.audited("resumption.voted")] == [LEAD]
    with office.database.read() as conn:
        document: Any = bundle(gather(conn, INCIDENT))
    [exported] = document["requests"][0]["resumptions"]
    assert (exported["asked_by"], exported["reason"], exported["state"]) == (REQUESTER, WHY, "started")
    assert [(each["person"], each["is_for_this_digest"]) for each in exported["votes"]] == [(LEAD, True)]
    assert "To go on with the rest, 1: started" in page(document)


def test_it_waits_in_the_home_of_who_may_approve_it_and_in_the_list(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id, SECOND)
    office_at = home_view(here.desk, LEAD).waiting

    assert [(each.id, each.digest, each.targets, each.says) for each in office_at] == [
        (request_id, here.digest(request_id), 4, "")
    ]
    assert home_view(here.desk, SECOND).waiting == ()  # who asks for it
    assert home_view(here.desk, REQUESTER).waiting == ()
    with here.database.read() as conn:
        [listed] = open_requests(conn, here.contents)
    assert (listed.requester, listed.missing) == (SECOND, 1)
    here.approve(request_id, LEAD)
    assert home_view(here.desk, APPROVER).waiting == ()


def test_a_resumption_that_waits_is_counted(office: Office) -> None:
    ask_on(office, stopped(office))

    with office.database.read() as conn:
        counted = stock(conn, office.at).resumptions

    assert counted == {("ledger", "open"): 1}


def test_a_refused_resumption_moves_neither_the_execution_nor_its_request(here: Office) -> None:
    request_id = stopped(here)
    ask_on(here, request_id)
    here.host.status = "frozen"

    told = vote(here.desk, person=LEAD, request_id=request_id, digest=here.digest(request_id))

    assert isinstance(told, Declined)
    assert told.why is Why.NOT_POSSIBLE
    assert stands(here, request_id) is State.REFUSED
    assert here.request(request_id).state is Requested.APPROVED
    assert state(here, request_id) is execution.State.STOPPED
    with here.database.read() as conn:
        assert resumptions.in_state(conn, State.OPEN) == ()
        assert len(executions.deeds_of(conn, request_id)) == 1
