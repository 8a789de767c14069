"""How an execution is planned, keyed and settled."""

import pytest

from bot.engine.execution import LEADS_TO, DeedDone, Done, Settled, State, deed_key, plan, settle
from tests.kit.trust import ACTION, runbook


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

    assert settle(total, deeds).state is expected


def test_a_partial_execution_says_how_far_it_came() -> None:
    settled = settle(5, [deed(1, OK), deed(2, OK), deed(3, FAILED, "ledger refused: closed")])

    assert settled == Settled(state=State.FAILED, outcome="ledger refused: closed; 2 of 5 calls done")


def test_nothing_leads_back_to_started_so_nothing_is_done_again() -> None:
    assert all(State.STARTED not in following for following in LEADS_TO.values())


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
