"""docs/catalogue.yml: every row of the four systems' documents has its alert, runbook and trial, or says why not."""

import pytest

from bot.engine.runbook import Risk
from tests.kit.coverage import Deed, Row, catalogue, lacking, shipped, unnamed

EVERY = (
    *(f"A{n:02}" for n in range(1, 42) if n not in {28, 29}),
    *(f"S{n:02}" for n in range(1, 24)),
    *(f"D{n:02}" for n in range(1, 25)),
    *(f"V{n:02}" for n in range(1, 20)),
)


def test_every_row_is_there_once_and_in_order() -> None:
    assert [row.row for row in catalogue().rows] == list(EVERY)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.row) for row in catalogue().rows])
def test_a_row_has_its_alert_runbook_actions_and_trial(row: Row) -> None:
    assert list(lacking(row, shipped())) == []


def test_whatever_is_shipped_is_in_the_catalogue() -> None:
    assert list(unnamed(catalogue(), shipped())) == []


@pytest.mark.parametrize("deed", [pytest.param(deed, id=deed.action) for deed in catalogue().actions])
def test_an_action_of_the_documents_is_offered_or_says_whose_it_is(deed: Deed) -> None:
    assert sorted(set(deed.offered) - shipped().actions) == []


@pytest.mark.parametrize("deed", [pytest.param(deed, id=deed.action) for deed in catalogue().actions])
def test_an_action_takes_as_many_people_as_its_level_asks_for(deed: Deed) -> None:
    actions = {path: shipped().action(path) for path in deed.offered}
    by_one = {path for path, action in actions.items() if action.risk is Risk.LOW}

    match deed.level:
        case "RX":
            assert deed.by_hand
        case "R3":
            assert by_one == deed.one_is_enough.keys()
        case _:
            assert not deed.one_is_enough


def test_every_runbook_can_be_reached_by_a_rule_a_schedule_or_a_row_that_somebody_runs() -> None:
    content = shipped().content
    ruled = {rule.runbook for system in content.systems.values() for rule in system.rules}
    scheduled = {each.runbook for system in content.systems.values() for each in system.schedules}
    by_hand = {row.runbook for row in catalogue().rows if row.no_alert}

    assert sorted(content.runbooks.keys() - ruled - scheduled - by_hand) == []


def test_everything_that_the_documents_say_is_answered_by_a_row_and_every_row_by_something_they_say() -> None:
    named = {row for said in catalogue().seeds for row in said.rows}

    assert sorted(named ^ {*EVERY}) == []
