"""A request from its approval to the check of its effect, on a clock that the test moves."""

import json
from datetime import timedelta

from sqlalchemy import update

from bot.core.errors import Refused, Unavailable, Unknown
from bot.core.ports import HttpCall
from bot.desk import Cause, Declined, ask
from bot.engine import execution
from bot.engine.execution import deed_key
from bot.engine.request import State
from bot.store.originals import original_seen
from bot.store.tables import incidents, requests, votes
from tests.kit.fakes import FakeWriteDatabase
from tests.kit.trust import ACTION, APPROVER, INCIDENT, LEAD, SECOND, Office, runbook


def state(office: Office, request_id: str) -> execution.State | None:
    found = office.execution(request_id)
    return found.state if found else None


def outcome(office: Office, request_id: str) -> str:
    found = office.execution(request_id)
    assert found is not None
    assert found.outcome is not None
    return found.outcome


def lose_answer(call: HttpCall) -> Unknown | None:
    return Unknown("api", "the connection broke") if call.path == "/replay" else None


def test_an_approved_request_is_carried_out_once_and_verified(office: Office) -> None:
    request_id = office.ask()

    office.approve(request_id, APPROVER)
    office.pass_time(timedelta(seconds=10))

    assert state(office, request_id) is execution.State.VERIFIED
    assert outcome(office, request_id) == "backlog.n is 0"
    assert office.host.effects == [(deed_key(request_id, number=1, target=None), ("ev_1", "ev_2"))]
    assert office.kinds() == [
        "request.asked",
        "request.opened",
        "request.voted",
        "request.approved",
        "execution.started",
        "deed.started",
        "deed.succeeded",
        "execution.succeeded",
        "execution.verified",
        "diagnosis.finished",  # asked afresh by itself
    ]


def test_the_execute_job_run_again_and_again_does_nothing_more(office: Office) -> None:
    request_id = office.ask()
    office.approve(request_id, APPROVER)

    for _ in range(3):
        office.execute(request_id)

    assert len(office.host.effects) == 1


def test_nothing_runs_without_approval(office: Office) -> None:
    request_id = office.ask()

    office.execute(request_id)

    assert state(office, request_id) is None
    assert office.host.effects == []


def test_a_state_set_by_hand_approves_nothing(office: Office) -> None:
    request_id = office.ask()
    with office.database.begin() as conn:
        conn.execute(update(requests).values(state=State.APPROVED, settled_at=office.at))

    office.execute(request_id)

    assert office.host.effects == []
    assert office.request(request_id).state is State.REFUSED
    assert office.request(request_id).note == "what is stored is not what was approved; see the audit"


def test_inputs_changed_after_the_approval_are_not_run(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    with office.database.begin() as conn:
        conn.execute(update(requests).values(inputs={"kind": "credit"}))

    office.work()

    assert office.host.effects == []
    assert office.request(request_id).state is State.REFUSED


def test_a_vote_for_another_digest_is_not_an_approval(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    with office.database.begin() as conn:
        conn.execute(update(votes).values(digest="0" * 64))

    office.work()

    assert office.host.effects == []


def test_targets_that_changed_supersede_the_request_and_ask_again(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.host.items["ev_3"] = 900

    office.work()

    assert office.host.effects == []
    assert office.request(request_id).state is State.SUPERSEDED
    [next_id] = [json.loads(entry.data)["next"] for entry in office.audited("request.superseded")]
    fresh = office.request(next_id)
    assert fresh.state is State.OPEN
    assert fresh.targets is not None
    assert fresh.targets.ids == ("ev_1", "ev_2", "ev_3")
    changed = "the targets changed from 2 to 3: 1 (ev_3) new, 0 gone"
    assert fresh.note == f"asked again, because {changed} since it was approved"
    assert next_id in office.shown.requests

    office.approve(next_id, APPROVER)

    assert [ids for _, ids in office.host.effects] == [("ev_1", "ev_2", "ev_3")]


def test_an_amount_that_changed_supersedes_too(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.host.items["ev_1"] = 501

    office.work()

    assert office.request(request_id).state is State.SUPERSEDED
    assert office.host.effects == []


def test_targets_that_may_shrink_run_with_those_left(office: Office) -> None:
    office.runbook = runbook(targets={**ACTION["targets"], "may_shrink": True})
    request_id = office.ask()
    del office.host.items["ev_1"]

    office.approve(request_id, APPROVER)

    assert [ids for _, ids in office.host.effects] == [("ev_2",)]


def test_a_guard_that_holds_by_then_stops_an_approved_request(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.host.status = "frozen"

    office.work()

    assert office.host.effects == []
    assert (office.request(request_id).state, office.request(request_id).note) == (
        State.REFUSED,
        "The ledger is frozen.",
    )


def test_a_limit_reached_by_then_stops_an_approved_request(office: Office) -> None:
    office.runbook = runbook(limits={"per_hour": 1})
    first, second = office.ask(), office.ask(inputs={"kind": "credit"})
    office.approve_without_running(first, APPROVER)
    office.approve_without_running(second, APPROVER)

    office.work()

    assert len(office.host.effects) == 1
    assert {office.request(each).state for each in (first, second)} == {State.APPROVED, State.REFUSED}


def test_a_target_that_does_not_answer_is_waited_for(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.host.answers = lambda call: Unavailable("api", "timeout") if call.path == "/items" else None
    office.work()
    assert office.request(request_id).note == "waiting to start: api is unavailable: timeout"
    office.host.answers = lambda _: None

    office.pass_time(timedelta(seconds=20))
    office.sweep()
    office.work()

    assert len(office.host.effects) == 1


def test_an_approval_that_could_not_start_in_time_expires(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.host.answers = lambda call: Unavailable("api", "timeout") if call.path == "/items" else None
    office.work()
    office.pass_time(timedelta(minutes=31))

    office.sweep()
    office.work()

    assert office.host.effects == []
    assert office.request(request_id).state is State.EXPIRED
    assert office.request(request_id).note == "not started in time: api is unavailable: timeout"


def test_a_refused_call_has_failed_and_is_not_tried_again(office: Office) -> None:
    request_id = office.ask()
    office.host.answers = lambda call: Refused("api", "closed") if call.path == "/replay" else None

    office.approve(request_id, APPROVER)
    office.host.answers = lambda _: None
    office.pass_time(timedelta(hours=1))
    office.sweep()
    office.work()

    assert state(office, request_id) is execution.State.FAILED
    assert outcome(office, request_id) == "api refused: closed; 0 of 1 calls done"
    assert office.host.effects == []


def test_calls_after_one_that_failed_are_not_made(office: Office) -> None:
    office.runbook = runbook(do=[{**ACTION["do"][0], "each": True}])
    request_id = office.ask()
    calls: list[str] = []

    def refuse_the_second(call: HttpCall) -> Refused | None:
        if call.path == "/replay":
            calls.append(call.headers["Idempotency-Key"])
            return Refused("api", "closed") if len(calls) == 2 else None
        return None

    office.host.items["ev_3"] = 1
    office.host.answers = refuse_the_second
    request_id = office.ask(inputs={"kind": "credit"})

    office.approve(request_id, APPROVER)

    assert len(calls) == len(set(calls)) == 2
    assert outcome(office, request_id) == "api refused: closed; 1 of 3 calls done"


def test_a_lost_answer_is_unknown_then_looked_up_and_found(office: Office) -> None:
    request_id = office.ask()
    office.host.answers = lose_answer

    office.approve(request_id, APPROVER)

    assert state(office, request_id) is execution.State.UNKNOWN
    assert outcome(office, request_id).endswith("the target will be asked")
    office.pass_time(timedelta(seconds=30))
    assert state(office, request_id) is execution.State.VERIFIED
    assert len(office.host.effects) == 1


def test_a_lost_call_that_had_no_effect_is_told_and_not_repeated(office: Office) -> None:
    request_id = office.ask()
    office.host.answers, office.host.is_effective = lose_answer, False

    office.approve(request_id, APPROVER)
    office.host.answers = lambda _: None
    office.pass_time(timedelta(hours=1))
    office.sweep()
    office.work()

    assert state(office, request_id) is execution.State.FAILED
    assert outcome(office, request_id) == "the target says that call 1 did not take effect; 0 of 1 calls done"
    assert office.host.effects == []


def test_a_lost_answer_stays_unknown_while_the_target_cannot_be_asked(office: Office) -> None:
    def away(call: HttpCall) -> Unknown | Unavailable | None:
        return Unavailable("api", "down") if call.path.startswith("/replays/") else lose_answer(call)

    request_id = office.ask()
    office.host.answers = away
    office.approve(request_id, APPROVER)
    office.pass_time(timedelta(seconds=30))
    assert state(office, request_id) is execution.State.UNKNOWN
    assert "the target could not be asked yet: api is unavailable: down" in outcome(office, request_id)

    office.host.answers = lambda _: None
    office.sweep()
    office.pass_time(timedelta(minutes=1))

    assert state(office, request_id) is execution.State.VERIFIED
    assert len(office.host.effects) == 1


def test_a_lost_answer_without_a_probe_is_for_a_person(office: Office) -> None:
    office.runbook = runbook(probe=None)
    request_id = office.ask()
    office.host.answers = lose_answer

    office.approve(request_id, APPROVER)
    office.pass_time(timedelta(hours=1))
    office.sweep()
    office.work()

    assert state(office, request_id) is execution.State.UNKNOWN
    assert outcome(office, request_id).endswith("nothing can be asked; a person must look, and it is not tried again")
    assert len(office.host.effects) == 1


def test_an_effect_that_does_not_show_calls_for_attention(office: Office) -> None:
    request_id = office.ask()
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(acknowledged_by=LEAD, acknowledged_at=office.at))
    office.host.is_deaf = True

    office.approve(request_id, APPROVER)
    office.pass_time(timedelta(minutes=2))

    assert state(office, request_id) is execution.State.NOT_VERIFIED
    assert outcome(office, request_id) == "backlog.n is 2"
    assert office.kinds()[-2:] == ["execution.not_verified", "diagnosis.finished"]
    assert office.shown.incidents[-1] == INCIDENT
    with office.database.read() as conn:
        assert conn.execute(incidents.select()).one().acknowledged_by is None


def test_a_check_that_cannot_be_judged_is_tried_until_time_is_up(office: Office) -> None:
    request_id = office.ask()
    office.approve(request_id, APPROVER)
    office.host.answers = lambda call: Unavailable("api", "down") if call.path == "/backlog" else None
    office.pass_time(timedelta(seconds=40))
    assert state(office, request_id) is execution.State.SUCCEEDED

    office.host.answers = lambda _: None
    office.pass_time(timedelta(seconds=10))

    assert state(office, request_id) is execution.State.VERIFIED


def test_an_executed_action_is_undone_by_its_own_request_with_what_it_touched(office: Office) -> None:
    request_id = office.ask()
    office.approve(request_id, APPROVER)
    office.pass_time(timedelta(seconds=10))

    undo_id = office.ask("unplay", original_id=request_id)
    office.approve(undo_id, SECOND)
    office.pass_time(timedelta(seconds=10))

    assert [ids for _, ids in office.host.effects] == [("ev_1", "ev_2"), ("ev_1", "ev_2")]
    assert state(office, undo_id) is execution.State.VERIFIED


def test_an_undo_of_an_sql_change_sees_the_rows_as_they_were(office: Office) -> None:
    change = {
        "at": "ledger",
        "lock": "select id, done from steps where id = any(:ids) for update",
        "statement": "update steps set done = true where id = any(:ids)",
        "columns": {"id": "id", "done": "flag"},
        "max_rows": 10,
    }
    office.runbook = runbook(do=[{"sql": change}], probe=None)
    table = FakeWriteDatabase(columns=("id", "done"), rows={"ev_1": ("ev_1", False), "ev_2": ("ev_2", False)})
    office.writers = {"ledger": table}
    request_id = office.ask()
    office.approve(request_id, APPROVER)

    undo = office.request(office.ask("unplay", original_id=request_id))

    assert table.changed == [frozenset({"ev_1", "ev_2"})]
    assert undo.targets is not None
    assert undo.targets.ids == ("ev_1", "ev_2")
    with office.database.read() as conn:
        original = original_seen(conn, office.runbook, request_id)
    assert original["rows"] == [{"id": "ev_1", "done": False}, {"id": "ev_2", "done": False}]


def test_only_what_was_done_of_a_half_way_execution_is_undone(office: Office) -> None:
    office.runbook = runbook(do=[{**ACTION["do"][0], "each": True}])
    request_id = office.ask()
    calls: list[str] = []

    def refuse_the_second(call: HttpCall) -> Refused | None:
        calls.extend([call.path] if call.path == "/replay" else [])
        return Refused("api", "closed") if call.path == "/replay" and len(calls) == 2 else None

    office.host.answers = refuse_the_second
    office.approve(request_id, APPROVER)
    office.host.answers = lambda _: None

    undo = office.request(office.ask("unplay", original_id=request_id))

    assert undo.targets is not None
    assert undo.targets.ids == ("ev_1",)


def test_what_was_never_done_cannot_be_undone(office: Office) -> None:
    request_id = office.ask()
    office.host.answers = lambda call: Refused("api", "closed") if call.path == "/replay" else None
    office.approve(request_id, APPROVER)

    told = ask(office.desk, person=APPROVER, incident_id=INCIDENT, action="unplay", inputs={}, original_id=request_id)

    assert isinstance(told, Declined)
    assert told.why is Cause.NOT_EXECUTED


def test_an_approved_request_whose_files_are_gone_is_refused(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.runbook = runbook(id="other")

    office.work()

    assert office.request(request_id).state is State.REFUSED
    assert office.host.effects == []
