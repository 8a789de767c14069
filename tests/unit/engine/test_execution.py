"""How an execution is planned, keyed and settled."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.evidence import Table
from bot.engine.execution import (
    ASK_A_PERSON_AFTER,
    LEADS_TO,
    RESUME_WITHIN,
    DeedDone,
    Done,
    Due,
    Execution,
    Planned,
    Settled,
    State,
    boundaries,
    deed_key,
    due,
    is_abandoned,
    may_be_settled,
    open_deed,
    plan,
    settle,
)
from bot.engine.request import TargetSet
from bot.engine.runbook import Action
from tests.kit.moments import NOON
from tests.kit.trust import ACTION, runbook

EACH = {**ACTION["do"][0], "each": True}
SECOND = timedelta(seconds=1)
BATCHES = {"canary": 1, "size": 2, "check": "health.status == 'healthy'"}


def calls(total: int) -> tuple[Planned, ...]:
    return plan(action(), [f"ev_{number}" for number in range(total)])


def deed(number: int, state: Done, error: str | None = None) -> DeedDone:
    return DeedDone(number=number, target=None, state=state, evidence=None, error=error)


OK, OPEN, FAILED, UNKNOWN = Done.SUCCEEDED, Done.STARTED, Done.FAILED, Done.UNKNOWN


@pytest.mark.parametrize(
    ("total", "states", "expected"),
    [
        pytest.param(1, [OK], State.SUCCEEDED, id="all-done"),
        pytest.param(3, [OK, OK, OK], State.SUCCEEDED, id="all-of-many-done"),
        pytest.param(1, [OPEN], State.UNKNOWN, id="sent-and-no-answer-recorded"),
        pytest.param(1, [UNKNOWN], State.UNKNOWN, id="no-answer"),
        pytest.param(3, [OK, OPEN], State.UNKNOWN, id="the-second-open"),
        pytest.param(1, [FAILED], State.FAILED, id="refused"),
        pytest.param(3, [OK, FAILED], State.FAILED, id="the-second-refused"),
        pytest.param(1, [], State.FAILED, id="nothing-tried"),
        pytest.param(3, [OK], State.FAILED, id="stopped-between-calls"),
    ],
)
def test_an_execution_is_settled_by_its_calls_alone(total: int, states: list[Done], expected: State) -> None:
    deeds = [deed(number, state) for number, state in enumerate(states, start=1)]

    assert settle(calls(total), deeds).state is expected


def test_a_partial_execution_says_how_far_it_came() -> None:
    settled = settle(calls(5), [deed(1, OK), deed(2, OK), deed(3, FAILED, "ledger refused: closed")])

    assert settled == Settled(state=State.FAILED, outcome="ledger refused: closed; 2 of 5 calls done")


def test_what_is_done_never_goes_on_and_what_ended_before_only_goes_on() -> None:
    assert all(LEADS_TO[state] == {State.STARTED} for state in (State.FAILED, State.STOPPED))
    assert all(not LEADS_TO[state] for state in (State.VERIFIED, State.NOT_VERIFIED))
    assert State.STARTED not in LEADS_TO[State.SUCCEEDED]


def test_a_stopped_execution_says_that_the_rest_was_not_tried() -> None:
    settled = settle(calls(3), [deed(1, OK)], is_stopped=True)

    assert settled == Settled(state=State.STOPPED, outcome="stopped; 1 of 3 calls done, the rest was not tried")


def test_one_that_was_stopped_after_its_last_call_has_succeeded() -> None:
    assert settle(calls(1), [deed(1, OK)], is_stopped=True).state is State.SUCCEEDED


def action(**changes: object) -> Action:
    made = runbook(**{"do": [EACH], **changes}).action("replay")
    assert made is not None
    return made


def test_targets_are_taken_in_batches_with_a_check_after_each_but_the_last() -> None:
    batched = action(batches=BATCHES, do=[EACH, EACH])

    planned = plan(batched, ["a", "b", "c", "d"])

    assert [call.target for call in planned] == [*"aa", *"bcbc", *"dd"]
    assert boundaries(batched, ["a", "b", "c", "d"]) == (2, 6)
    assert boundaries(batched, ["a"]) == ()
    assert boundaries(action(), ["a", "b"]) == ()


def test_batches_need_calls_that_are_made_one_by_one() -> None:
    with pytest.raises(ValueError, match="every deed under do: must say each: true"):
        action(batches=BATCHES, do=[ACTION["do"][0]])


def execution(**changes: object) -> Execution:
    made = {
        "request_id": "request",
        "key": "cs-key",
        "targets": TargetSet(ids=("a", "b", "c", "d"), table=Table(columns=())),
        "state": State.STARTED,
        "replica": "one",
        "incarnation": "here",
        "started_at": NOON,
        "finished_at": None,
        "verify_until": None,
        "verified_at": None,
        "outcome": None,
    }
    return Execution(**made | changes)  # type: ignore[arg-type]  # a table of its fields


@pytest.mark.parametrize(
    ("states", "changes", "told", "expected"),
    [
        pytest.param([], {}, {}, Due.CALL, id="fresh"),
        pytest.param([OK], {}, {}, Due.CHECK, id="after-the-canary"),
        pytest.param([OK], {}, {"was_checked": True}, Due.CALL, id="after-its-check"),
        pytest.param([OK, OK], {}, {}, Due.CALL, id="within-a-batch"),
        pytest.param([OK, OK], {}, {"was_interrupted": True}, Due.CHECK, id="taken-over-within-a-batch"),
        pytest.param([OK, OK, OK], {}, {}, Due.CHECK, id="after-a-batch"),
        pytest.param([OK] * 4, {}, {}, Due.END, id="all-done"),
        pytest.param([OK, FAILED], {}, {}, Due.END, id="refused"),
        pytest.param([OK, OPEN], {}, {"was_interrupted": True}, Due.END, id="an-open-call"),
        pytest.param([OK, UNKNOWN], {}, {}, Due.END, id="no-answer"),
        pytest.param([OK], {"check_until": NOON}, {}, Due.CHECK, id="waiting-for-its-check"),
        pytest.param([OK], {"stopped_by": "U0LEAD"}, {}, Due.END, id="stopped"),
        pytest.param([OK], {"stopped_by": "U0LEAD"}, {"was_checked": True}, Due.END, id="stopped-while-checked"),
        pytest.param([], {}, {"was_interrupted": True}, Due.CALL, id="taken-over-before-the-first-call"),
    ],
)
def test_what_comes_next_is_read_from_the_rows(
    states: list[Done], changes: dict[str, object], told: dict[str, bool], expected: Due
) -> None:
    deeds = [deed(number, state) for number, state in enumerate(states, start=1)]

    found = due(
        execution(**changes),
        action(batches=BATCHES),
        deeds,
        was_interrupted=told.get("was_interrupted", False),
        was_checked=told.get("was_checked", False),
    )

    assert found is expected


def test_without_batches_a_taken_over_execution_goes_on_with_its_next_call() -> None:
    assert due(execution(), action(), [deed(1, OK)], was_interrupted=True, was_checked=False) is Due.CALL


def test_an_execution_at_which_nobody_was_for_long_is_not_gone_on_with() -> None:
    done = replace(deed(1, OK), started_at=NOON, finished_at=NOON + RESUME_WITHIN)

    assert not is_abandoned(execution(), [], NOON + RESUME_WITHIN)
    assert is_abandoned(execution(), [], NOON + RESUME_WITHIN + SECOND)
    assert not is_abandoned(execution(), [done], NOON + 2 * RESUME_WITHIN)
    assert not is_abandoned(execution(check_until=NOON + RESUME_WITHIN), [], NOON + 2 * RESUME_WITHIN)


def test_a_person_settles_what_cannot_be_asked_or_does_not_answer_for_long() -> None:
    unknown = execution(state=State.UNKNOWN, finished_at=NOON)

    assert may_be_settled(unknown, has_probe=False, now=NOON)
    assert not may_be_settled(unknown, has_probe=True, now=NOON + ASK_A_PERSON_AFTER - SECOND)
    assert may_be_settled(unknown, has_probe=True, now=NOON + ASK_A_PERSON_AFTER)
    assert not may_be_settled(execution(), has_probe=False, now=NOON)


def test_the_open_call_is_the_one_of_which_nobody_knows() -> None:
    assert open_deed([deed(1, OK), deed(2, UNKNOWN)]) == deed(2, UNKNOWN)
    assert open_deed([deed(1, OK), deed(2, FAILED)]) is None


def test_each_target_has_its_own_key_and_the_same_for_ever() -> None:
    keys = [deed_key("request", number=number, target=target) for number, target in [(1, None), (1, "a"), (2, "a")]]

    assert len(set(keys)) == 3
    assert keys[1] == deed_key("request", number=1, target="a")
    assert all(len(key) == 35 and key.startswith("cs-") for key in keys)


def test_deeds_run_in_order_once_or_once_per_target() -> None:
    once, each = ACTION["do"][0], {**ACTION["do"][0], "each": True}
    action = runbook(do=[once, each]).action("replay")
    assert action is not None

    planned = plan(action, ["a", "b"])

    assert [(call.number, call.target) for call in planned] == [(1, None), (2, "a"), (3, "b")]
