"""Claims, crashes and the sweep, on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection

from bot.core.errors import Unavailable
from bot.core.ports import HttpCall, HttpReply
from bot.engine import execution
from bot.engine.execution import RESUME_WITHIN, Done
from bot.engine.request import State
from bot.store import executions
from bot.store.database import Database
from tests.kit.fakes import ok
from tests.kit.trust import ACTION, APPROVER, Office, runbook

EACH = {**ACTION["do"][0]["http"], "json": {"ids": ["{{ target }}"]}}


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database=database)
    made.open_incident()
    return made


def another(office: Office, incarnation: str = "there") -> Office:
    """Another process at the same database and the same host."""
    return Office(
        database=office.database,
        runbook=office.runbook,
        host=office.host,
        at=office.at,
        incarnation=incarnation,
        dead=office.dead,
    )


class Crash(BaseException):
    """The process ends here."""


def crash(call: HttpCall) -> HttpReply | None:
    """Take the caller of a replay down."""
    if call.path == "/replay":
        raise Crash
    return None


def crash_while_calling(office: Office) -> str:
    """A request whose process died during its call; the request's id."""
    request_id = office.ask()
    office.host.answers = crash
    with pytest.raises(Crash):
        office.approve(request_id, APPROVER)
    office.host.answers = lambda _: None
    return request_id


def crash_before_calling(office: Office) -> str:
    """A request whose process died between its claim and its call."""
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    request = office.request(request_id)
    assert request.targets is not None
    with office.database.begin() as conn:
        executions.claim(
            conn,
            request_id,
            key="cs-key",
            targets=request.targets,
            replica="one",
            incarnation=office.incarnation,
            now=office.at,
        )
    return request_id


def state(office: Office, request_id: str) -> execution.State | None:
    found = office.execution(request_id)
    return found.state if found else None


def test_processes_that_start_at_once_make_one_claim(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    processes = [another(office, f"process-{number}") for number in range(6)]
    together = Barrier(len(processes))

    def run(process: Office) -> None:
        together.wait()
        process.execute(request_id)

    with ThreadPoolExecutor(len(processes)) as threads:
        list(threads.map(run, processes))

    assert len(office.host.effects) == 1
    assert len(office.audited("execution.started")) == 1


def test_the_claim_of_a_living_process_is_left_alone(office: Office) -> None:
    request_id = crash_while_calling(office)

    another(office).execute(request_id)

    assert state(office, request_id) is execution.State.STARTED


def test_a_process_settles_what_its_own_thread_left_behind(office: Office) -> None:
    request_id = crash_while_calling(office)

    office.sweep()

    assert state(office, request_id) is execution.State.UNKNOWN


def test_a_dead_process_s_open_call_becomes_unknown_and_is_looked_up_not_repeated(office: Office) -> None:
    request_id = crash_while_calling(office)
    office.dead.add(office.incarnation)
    survivor = another(office)

    survivor.sweep()
    survivor.work()
    assert state(office, request_id) is execution.State.UNKNOWN
    survivor.pass_time(timedelta(seconds=30))

    assert state(office, request_id) is execution.State.FAILED
    assert office.host.effects == []
    assert office.kinds()[-3:] == ["execution.unknown", "execution.looked_up", "execution.failed"]


def test_a_dead_process_s_claim_without_a_call_is_carried_out_by_another(office: Office) -> None:
    request_id = crash_before_calling(office)
    office.dead.add(office.incarnation)

    another(office).execute(request_id)

    assert state(office, request_id) is execution.State.SUCCEEDED
    assert len(office.host.effects) == 1
    [resumed] = office.audited("execution.resumed")
    assert json.loads(resumed.data) == {"after": 0, "replica": "one", "incarnation": "there"}


def test_a_claim_that_was_left_alone_for_too_long_has_failed_for_certain(office: Office) -> None:
    request_id = crash_before_calling(office)
    office.dead.add(office.incarnation)
    survivor = another(office)
    survivor.at += RESUME_WITHIN + timedelta(seconds=1)

    survivor.execute(request_id)

    found = office.execution(request_id)
    assert found is not None
    assert found.state is execution.State.FAILED
    assert found.outcome == "nobody was at it for too long; 0 of 1 calls done, the rest was not tried"
    assert office.host.effects == []


def test_a_process_taken_for_dead_makes_no_further_call_once_another_goes_on(office: Office) -> None:
    office.runbook = runbook(do=[{**ACTION["do"][0], "each": True, "http": EACH}])
    request_id = office.ask()
    survivor = another(office)

    def pause(call: HttpCall) -> HttpReply | None:
        if call.path == "/replay" and office.incarnation not in office.dead:
            office.host._take(call)
            office.dead.add(office.incarnation)
            survivor.execute(request_id)
            survivor.pass_time(timedelta(minutes=1))
            return ok({"done": 1})
        return None

    office.host.answers = pause
    office.approve(request_id, APPROVER)

    assert [items for _, items in office.host.effects] == [("ev_1",), ("ev_2",)]
    assert len(office.audited("execution.resumed")) == 1
    assert office.audited("execution.contradicted") == []
    assert state(office, request_id) is execution.State.VERIFIED


def test_a_process_that_wakes_before_another_goes_on_does_so_itself(office: Office) -> None:
    office.runbook = runbook(do=[{"each": True, "http": EACH}])
    request_id = office.ask()
    survivor = another(office)

    def pause(call: HttpCall) -> None:
        if call.path == "/replay" and office.incarnation not in office.dead:
            office.dead.add(office.incarnation)
            survivor.execute(request_id)
            assert state(office, request_id) is execution.State.UNKNOWN

    office.host.answers = pause
    office.approve(request_id, APPROVER)

    assert [items for _, items in office.host.effects] == [("ev_1",), ("ev_2",)]
    assert state(office, request_id) is execution.State.SUCCEEDED


def test_the_answer_of_a_process_taken_for_dead_still_counts(office: Office) -> None:
    request_id = office.ask()
    survivor = another(office)

    def pause(call: HttpCall) -> HttpReply | None:
        if call.path == "/replay":
            office.dead.add(office.incarnation)
            survivor.execute(request_id)
            assert state(office, request_id) is execution.State.UNKNOWN
        return None

    office.host.answers = pause
    office.approve(request_id, APPROVER)

    assert state(office, request_id) is execution.State.SUCCEEDED


def test_an_answer_that_contradicts_the_look_up_is_told(office: Office) -> None:
    request_id = office.ask()
    survivor = another(office)

    def pause(call: HttpCall) -> HttpReply | None:
        if call.path != "/replay" or office.dead:
            return None
        office.dead.add(office.incarnation)
        survivor.execute(request_id)
        survivor.pass_time(timedelta(seconds=30))
        assert state(office, request_id) is execution.State.FAILED
        return None

    office.host.answers = pause
    office.approve(request_id, APPROVER)

    found = office.execution(request_id)
    assert found is not None
    assert found.outcome == "call 1 was settled by looking it up; later its own answer came: succeeded"
    assert "execution.contradicted" in office.kinds()


def test_the_result_is_recorded_though_the_database_was_away_for_a_moment(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = office.ask()
    failures = [Unavailable("database", "restarting"), Unavailable("database", "restarting")]
    begin = office.database.begin

    def fail_now_and_then(call: HttpCall) -> HttpReply | None:
        if call.path == "/replay":
            monkeypatch.setattr(office.database, "begin", restarting)
        return None

    def restarting() -> AbstractContextManager[Connection]:
        if failures:
            raise failures.pop()
        return begin()

    office.host.answers = fail_now_and_then
    office.approve(request_id, APPROVER)

    assert failures == []
    assert state(office, request_id) is execution.State.SUCCEEDED
    assert len(office.host.effects) == 1


@pytest.mark.parametrize(
    ("until", "wait", "expected"),
    [
        pytest.param("asked", timedelta(minutes=2), State.OPEN, id="a-lost-preparation"),
        pytest.param("open", timedelta(minutes=31), State.EXPIRED, id="a-lost-expiry"),
    ],
)
def test_a_lost_job_of_a_request_is_ordered_again(office: Office, until: str, wait: timedelta, expected: State) -> None:
    prepare = office.handlers["prepare"]
    if until == "asked":
        office.handlers = {**office.handlers, "prepare": lambda _request_id: None}
    request_id = office.ask()
    office.handlers = {**office.handlers, "prepare": prepare}
    office.forget_jobs()

    office.pass_time(wait)
    office.sweep()
    office.work()

    assert office.request(request_id).state is expected


def test_a_lost_start_is_ordered_again_and_runs_once(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.forget_jobs()
    assert office.sweep() == 0, "nothing is overdue yet"

    office.pass_time(timedelta(seconds=20))
    assert office.sweep() == 1
    assert another(office).sweep() == 0, "it has been ordered"
    office.work()

    assert len(office.host.effects) == 1


def test_a_lost_check_is_ordered_again(office: Office) -> None:
    request_id = office.ask()
    office.approve(request_id, APPROVER)
    office.forget_jobs()

    office.sweep()
    office.work()

    assert state(office, request_id) is execution.State.VERIFIED


def test_a_lost_look_up_is_ordered_again(office: Office) -> None:
    request_id = crash_while_calling(office)
    office.sweep()
    office.forget_jobs()

    office.sweep()
    office.pass_time(timedelta(minutes=1))

    assert state(office, request_id) is execution.State.FAILED


def test_a_request_that_can_never_be_prepared_is_given_up(office: Office) -> None:
    office.handlers = {**office.handlers, "prepare": lambda _request_id: None}
    request_id = office.ask()

    office.pass_time(timedelta(minutes=11))
    office.sweep()

    assert office.request(request_id).state is State.REFUSED
    assert office.request(request_id).note == "it could not be prepared in time; ask again"


def test_a_call_is_begun_once_and_by_its_claimant_only(office: Office) -> None:
    request_id = crash_before_calling(office)

    def begin(incarnation: str) -> bool:
        with office.database.begin() as conn:
            return executions.start_deed(
                conn, request_id, number=1, target=None, incarnation=incarnation, now=office.at
            )

    assert [begin("somebody else"), begin(office.incarnation), begin(office.incarnation)] == [False, True, False]


def test_a_certain_result_is_not_overwritten(office: Office) -> None:
    request_id = crash_before_calling(office)

    def finish(state: Done) -> bool:
        with office.database.begin() as conn:
            return executions.finish_deed(conn, request_id, number=1, state=state, now=office.at)

    with office.database.begin() as conn:
        executions.start_deed(conn, request_id, number=1, target=None, incarnation=office.incarnation, now=office.at)

    assert [finish(Done.UNKNOWN), finish(Done.SUCCEEDED), finish(Done.FAILED)] == [True, True, False]


@pytest.mark.parametrize("to", [*execution.State])
@pytest.mark.parametrize("begins", [*execution.State])
def test_an_execution_takes_only_the_steps_there_are(
    office: Office, begins: execution.State, to: execution.State
) -> None:
    request_id = crash_before_calling(office)
    for each in _way_to(begins):
        with office.database.begin() as conn:
            assert executions.move(conn, request_id, to=each, now=office.at, outcome="so")

    with office.database.begin() as conn:
        moved = executions.move(conn, request_id, to=to, now=office.at, outcome="so")

    assert moved is (to in execution.LEADS_TO[begins])
    assert state(office, request_id) is (to if moved else begins)


def _way_to(state: execution.State) -> list[execution.State]:
    match state:
        case execution.State.STARTED:
            return []
        case execution.State.VERIFIED | execution.State.NOT_VERIFIED:
            return [execution.State.SUCCEEDED, state]
        case _:
            return [state]


def test_a_dry_run_is_repeated_and_a_write_is_not(office: Office) -> None:
    dry_runs: list[str] = []

    def count(call: HttpCall) -> HttpReply | None:
        if call.path == "/dry-run":
            dry_runs.append(call.path)
            return ok({"would": 2})
        return None

    office.host.answers = count
    request_id = office.ask()
    office.approve(request_id, APPROVER)

    assert len(dry_runs) == 3, "to show it, before the vote, and before it runs"
    assert len(office.host.effects) == 1
