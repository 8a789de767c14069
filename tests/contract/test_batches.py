"""Actions that take their targets a few at a time: checks between, stops, take-overs, and people who settle."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.core.errors import Refused, Unknown
from bot.core.ports import HttpCall, HttpReply
from bot.desk import Cause, Declined, Done, settle, stop
from bot.engine import execution
from bot.engine.approval import Why
from bot.engine.execution import ASK_A_PERSON_AFTER, RESUME_WITHIN
from bot.store import attention, executions
from bot.store.database import Database
from tests.contract.test_executions import Crash, another, state
from tests.kit.trust import ACTION, ALIAS, APPROVER, GUEST, INCIDENT, LEAD, OUTSIDER, REQUESTER, Host, Office, runbook

ITEMS = {f"ev_{number}": number for number in range(1, 6)}
SEND: dict[str, Any] = {
    "http": {"at": "api", "post": "/replay", "idempotency": "header", "json": {"ids": ["{{ target }}"]}},
    "each": True,
}
BATCHES: dict[str, Any] = {
    "canary": 1,
    "size": 2,
    "check": "health.status == 'healthy' and backlog.n == before.backlog.n - so_far.count",
    "every": "5s",
    "within": "20s",
}
CHECK = timedelta(seconds=5)


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database=database, host=Host(items=dict(ITEMS)), runbook=runbook(do=[SEND], batches=BATCHES))
    made.open_incident()
    return made


def begun(office: Office) -> str:
    """A request that was approved and has done its canary."""
    request_id = office.ask()
    office.approve(request_id, APPROVER)
    return request_id


def touched(office: Office) -> list[str]:
    """The items that were really touched, in order."""
    return [item for _, items in office.host.effects for item in items]


def calls_of(office: Office, request_id: str) -> dict[int, str]:
    with office.database.read() as conn:
        return {deed.number: deed.state for deed in executions.deeds_of(conn, request_id)}


def outcome(office: Office, request_id: str) -> str:
    found = office.execution(request_id)
    assert found is not None
    return str(found.outcome)


def die_at(office: Office, item: str, *, before_effect: bool) -> None:
    """The process ends in the call of this item, before or after its effect."""

    def answers(call: HttpCall) -> HttpReply | None:
        if call.path == "/replay" and call.json == {"ids": [item]}:
            if not before_effect:
                office.host._take(call)
            raise Crash
        return None

    office.host.answers = answers


def survivor_of(office: Office) -> Office:
    office.dead.add(office.incarnation)
    office.host.answers = lambda _: None
    left = another(office)
    left.waiting = list(office.waiting)
    return left


def test_one_goes_first_and_then_batches_each_after_a_check(office: Office) -> None:
    request_id = begun(office)
    assert touched(office) == ["ev_1"]

    office.pass_time(CHECK)
    assert touched(office) == ["ev_1", "ev_2", "ev_3"]
    office.pass_time(CHECK)
    assert touched(office) == list(ITEMS)

    office.pass_time(CHECK)
    assert state(office, request_id) is execution.State.VERIFIED
    assert office.kinds().count("execution.checked") == 2


def test_hours_that_end_on_the_way_stop_it_in_good_order_before_the_next_batch(sqlite_database: Database) -> None:
    # The canary goes at twelve; eight seconds before the hour is over there is one more batch, and after it none.
    hours = {"allow": [{"from": "08:00", "until": "12:01", "timezone": "UTC"}]}
    slow = {**BATCHES, "every": "52s", "within": "5m"}
    files = runbook(do=[SEND], batches=slow, windows=hours)
    office = Office(database=sqlite_database, host=Host(items=dict(ITEMS)), runbook=files)
    office.open_incident()
    request_id = begun(office)

    office.pass_time(timedelta(seconds=52))
    in_time = touched(office)
    office.pass_time(timedelta(minutes=5))

    assert in_time == ["ev_1", "ev_2", "ev_3"]
    assert touched(office) == in_time
    assert state(office, request_id) is execution.State.STOPPED
    assert "3 of 5 calls done, the rest was not tried" in outcome(office, request_id)
    assert "12:01" in outcome(office, request_id) or "08:00" in outcome(office, request_id)


def test_a_check_that_does_not_hold_in_time_ends_it_and_calls_for_somebody(office: Office) -> None:
    request_id = begun(office)
    with office.database.begin() as conn:
        attention.acknowledge(conn, INCIDENT, person=LEAD, now=office.at)
    office.host.status = "degraded"

    office.pass_time(timedelta(minutes=1))

    assert state(office, request_id) is execution.State.FAILED
    assert touched(office) == ["ev_1"]
    assert outcome(office, request_id).startswith("the check after 1 did not hold in time (")
    assert "health.status is degraded" in outcome(office, request_id)
    assert outcome(office, request_id).endswith("; 1 of 5 calls done, the rest was not tried")
    with office.database.read() as conn:
        assert attention.acknowledged_by(conn, INCIDENT) is None


def test_a_check_that_holds_late_but_in_time_lets_it_go_on(office: Office) -> None:
    begun(office)
    office.host.status = "degraded"
    office.pass_time(timedelta(seconds=10))
    assert touched(office) == ["ev_1"]

    office.host.status = "healthy"
    office.pass_time(CHECK)

    assert touched(office) == ["ev_1", "ev_2", "ev_3"]


def test_the_first_refusal_ends_it(office: Office) -> None:
    request_id = begun(office)

    def refuse(call: HttpCall) -> Refused | None:
        return Refused("ledger", "closed") if call.json == {"ids": ["ev_3"]} else None

    office.host.answers = refuse
    office.pass_time(timedelta(minutes=1))

    assert state(office, request_id) is execution.State.FAILED
    assert touched(office) == ["ev_1", "ev_2"]
    assert outcome(office, request_id) == "ledger refused: closed; 2 of 5 calls done"


def test_a_lost_answer_ends_it_even_if_the_call_took_effect(office: Office) -> None:
    request_id = begun(office)

    def lose(call: HttpCall) -> Unknown | None:
        return Unknown("ledger", "timeout") if call.json == {"ids": ["ev_2"]} else None

    office.host.answers = lose
    office.pass_time(timedelta(minutes=2))

    assert state(office, request_id) is execution.State.FAILED
    assert touched(office) == ["ev_1", "ev_2"]
    assert outcome(office, request_id).startswith("call 2 took effect, but gave no answer; 2 of 5 calls done")


def test_a_lost_job_of_a_check_is_ordered_again(office: Office) -> None:
    begun(office)
    office.forget_jobs()

    office.pass_time(timedelta(seconds=6))
    office.sweep()
    office.work()

    assert touched(office) == ["ev_1", "ev_2", "ev_3"]


def test_the_next_batch_may_be_another_process_s_and_the_first_one_then_begins_no_call(office: Office) -> None:
    request_id = begun(office)
    other = another(office)
    other.at = office.at + CHECK

    other.execute(request_id)

    found = office.execution(request_id)
    assert found is not None
    assert found.incarnation == other.incarnation
    assert touched(office) == ["ev_1", "ev_2", "ev_3"]
    with office.database.begin() as conn:
        assert not executions.start_deed(
            conn, request_id, number=4, target="ev_4", incarnation=office.incarnation, now=office.at
        )


def test_a_dead_process_s_batch_is_checked_and_gone_on_with(office: Office) -> None:
    request_id = begun(office)
    die_at(office, "ev_3", before_effect=False)
    with pytest.raises(Crash):
        office.pass_time(CHECK)
    left = survivor_of(office)

    left.sweep()
    left.pass_time(timedelta(seconds=30))
    assert touched(left) == ["ev_1", "ev_2", "ev_3"] or len(touched(left)) > 3

    left.pass_time(timedelta(seconds=30))
    assert touched(left) == list(ITEMS)
    assert state(left, request_id) is execution.State.VERIFIED
    kinds = left.kinds()
    assert kinds.index("execution.looked_up") < kinds.index("execution.resumed") < kinds.index("execution.succeeded")
    assert kinds[kinds.index("execution.looked_up") :].count("execution.checked") == 1


def test_an_item_whose_call_never_arrived_is_not_sent_again(office: Office) -> None:
    request_id = begun(office)
    die_at(office, "ev_3", before_effect=True)
    with pytest.raises(Crash):
        office.pass_time(CHECK)
    left = survivor_of(office)

    left.sweep()
    left.pass_time(timedelta(minutes=2))

    assert touched(left) == ["ev_1", "ev_2"]
    assert state(left, request_id) is execution.State.FAILED
    assert "call 3 did not take effect" in outcome(left, request_id)


def test_an_execution_left_alone_for_too_long_is_not_gone_on_with(office: Office) -> None:
    request_id = begun(office)
    left = survivor_of(office)
    left.at += RESUME_WITHIN + timedelta(minutes=1)

    left.execute(request_id)

    assert state(left, request_id) is execution.State.FAILED
    assert outcome(left, request_id).startswith("nobody was at it for too long; 1 of 5 calls done")
    assert touched(left) == ["ev_1"]


@pytest.mark.parametrize("person", [LEAD, APPROVER, REQUESTER])
def test_a_stop_between_two_batches_ends_it_at_once(office: Office, person: str) -> None:
    request_id = begun(office)

    assert isinstance(stop(office.desk, person=person, request_id=request_id), Done)
    office.work()

    assert state(office, request_id) is execution.State.STOPPED
    assert outcome(office, request_id) == "stopped; 1 of 5 calls done, the rest was not tried"
    [asked] = office.audited("execution.stop_asked")
    assert asked.actor == person
    office.pass_time(timedelta(minutes=1))
    assert touched(office) == ["ev_1"]


def test_a_stop_during_a_batch_is_honoured_before_the_next_item(office: Office) -> None:
    request_id = begun(office)

    def stopping(call: HttpCall) -> None:
        if call.json == {"ids": ["ev_2"]}:
            stop(office.desk, person=LEAD, request_id=request_id)

    office.host.answers = stopping
    office.pass_time(CHECK)

    assert state(office, request_id) is execution.State.STOPPED
    assert touched(office) == ["ev_1", "ev_2"]


@pytest.mark.parametrize(
    ("person", "why"),
    [
        pytest.param(OUTSIDER, Why.NOT_IN_GROUP, id="outside"),
        pytest.param(GUEST, Why.GUEST, id="guest"),
        pytest.param("U0NOBODY", Why.UNCERTAIN, id="unknown"),
    ],
)
def test_not_everybody_stops_it(office: Office, person: str, why: Why) -> None:
    request_id = begun(office)

    told = stop(office.desk, person=person, request_id=request_id)

    assert isinstance(told, Declined)
    assert told.why is why
    assert [entry.actor for entry in office.audited("execution.stop_refused")] == [person]
    assert state(office, request_id) is execution.State.STARTED


def test_it_is_stopped_once(office: Office) -> None:
    request_id = begun(office)
    stop(office.desk, person=LEAD, request_id=request_id)

    told = stop(office.desk, person=APPROVER, request_id=request_id)

    assert isinstance(told, Declined)
    assert told.why is Cause.NOT_RUNNING
    assert [entry.actor for entry in office.audited("execution.stop_refused")] == [APPROVER]


def unknown(office: Office, *, item: str = "ev_1") -> str:
    """A request one of whose calls lost its answer."""

    def lose(call: HttpCall) -> Unknown | None:
        return Unknown("ledger", "timeout") if call.path == "/replay" and call.json == {"ids": [item]} else None

    request_id = office.ask()
    office.host.answers = lose
    office.approve(request_id, APPROVER)
    office.pass_time(timedelta(minutes=1))
    office.host.answers = lambda _: None
    return request_id


def test_what_cannot_be_asked_is_settled_by_a_person_and_then_verified(office: Office) -> None:
    office.runbook = runbook(do=[SEND], probe=None)
    office.host.items = {"ev_1": 1}
    request_id = unknown(office)
    assert state(office, request_id) is execution.State.UNKNOWN

    told = settle(office.desk, person=LEAD, request_id=request_id, took_effect=True, reason="it is in the ledger")
    office.pass_time(CHECK)

    assert isinstance(told, Done)
    assert state(office, request_id) is execution.State.VERIFIED
    [entry] = office.audited("execution.settled_by")
    assert entry.actor == LEAD
    data = {"number": 1, "target": "ev_1", "took_effect": True, "reason": "it is in the ledger"}
    assert json.loads(entry.data) == data


def test_what_a_person_says_did_not_happen_has_failed(office: Office) -> None:
    office.runbook = runbook(do=[SEND], probe=None)
    request_id = unknown(office)

    settle(office.desk, person=LEAD, request_id=request_id, took_effect=False, reason="for jane@example.com it is not")
    office.pass_time(timedelta(minutes=1))

    assert state(office, request_id) is execution.State.FAILED
    assert "did not take effect: for [e-mail] it is not" in outcome(office, request_id)
    assert touched(office) == ["ev_1"]  # they were wrong, and it is on the record who said so


def test_the_rest_is_not_tried_after_a_person_has_settled(office: Office) -> None:
    office.runbook = runbook(do=[SEND], probe=None)
    request_id = unknown(office, item="ev_2")

    settle(office.desk, person=LEAD, request_id=request_id, took_effect=True, reason="seen")
    office.pass_time(timedelta(minutes=1))

    assert state(office, request_id) is execution.State.STOPPED
    assert touched(office) == ["ev_1", "ev_2"]


def test_a_call_that_can_be_asked_about_is_settled_by_a_person_only_after_long(office: Office) -> None:
    request_id = office.ask()
    silent = {"replays": True}

    def lose(call: HttpCall) -> Unknown | Refused | None:
        if call.path == "/replay":
            return Unknown("ledger", "timeout")
        return Refused("ledger", "busy") if silent["replays"] and call.path.startswith("/replays/") else None

    office.host.answers = lose
    office.approve(request_id, APPROVER)

    early = settle(office.desk, person=LEAD, request_id=request_id, took_effect=True, reason="seen")
    office.at += ASK_A_PERSON_AFTER
    late = settle(office.desk, person=LEAD, request_id=request_id, took_effect=True, reason="seen")

    assert isinstance(early, Declined)
    assert early.why is Cause.NOT_UNKNOWN
    assert isinstance(late, Done)


@pytest.mark.parametrize(
    ("person", "reason", "why"),
    [
        pytest.param(REQUESTER, "seen", Why.REQUESTER, id="requester"),
        pytest.param(ALIAS, "seen", Why.ALIAS, id="alias"),
        pytest.param(OUTSIDER, "seen", Why.NOT_IN_GROUP, id="outside"),
        pytest.param(LEAD, "  ", Cause.NO_REASON, id="no-reason"),
    ],
)
def test_not_everybody_settles_it(office: Office, person: str, reason: str, why: Why | Cause) -> None:
    office.runbook = runbook(do=[SEND], probe=None)
    request_id = unknown(office)

    told = settle(office.desk, person=person, request_id=request_id, took_effect=True, reason=reason)

    assert isinstance(told, Declined)
    assert told.why is why
    assert state(office, request_id) is execution.State.UNKNOWN
    [entry] = office.audited("execution.settle_refused")
    assert (entry.actor, json.loads(entry.data)["why"]) == (person, why)


def test_it_is_settled_once(office: Office) -> None:
    office.runbook = runbook(do=[SEND], probe=None)
    request_id = unknown(office)
    settle(office.desk, person=LEAD, request_id=request_id, took_effect=False, reason="not there")

    told = settle(office.desk, person=APPROVER, request_id=request_id, took_effect=True, reason="there")

    assert isinstance(told, Declined)
    assert told.why is Cause.NOT_UNKNOWN
    assert calls_of(office, request_id) == {1: "failed"}


def test_the_card_follows_many_calls_but_not_each(office: Office) -> None:
    office.runbook = runbook(do=[SEND])

    def slow(call: HttpCall) -> None:
        if call.path == "/replay":
            office.at += timedelta(seconds=1)

    office.host.answers = slow
    request_id = office.ask()
    before = len(office.shown.requests)
    office.approve_without_running(request_id, APPROVER)
    office.work()

    # Voted, approved and claimed, twice on the way of five calls of a second each, and at its end.
    assert len(office.shown.requests) - before <= 6
    assert ACTION["limits"]["max_targets"] == len(touched(office)) == 5
