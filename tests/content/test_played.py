"""Whatever is shipped is played by a scenario in the local world: every runbook, every action, every undo."""

from graphlib import TopologicalSorter

import pytest

from tests.kit.catalogue import before
from tests.kit.catalogue_rows import OTHERWISE_INSTALLED, ROWS
from tests.kit.coverage import shipped
from tests.kit.played import of_marks, of_rows

RUNBOOKS = shipped().content.runbooks
PLAYED = of_rows((*ROWS, *OTHERWISE_INSTALLED), RUNBOOKS) | of_marks()
ACTIONS = {(name, action.id) for name, runbook in RUNBOOKS.items() for action in runbook.actions}


def test_every_runbook_is_played_by_a_scenario() -> None:
    assert sorted(RUNBOOKS.keys() - {runbook for runbook, _ in PLAYED}) == []


def test_every_action_is_carried_out_by_a_scenario_and_so_is_every_undo() -> None:
    """An undo is an action like the others. What a person does elsewhere is no action but a line of a checklist."""
    assert sorted(ACTIONS - PLAYED) == []


# What nobody's alert or event tells, or Alertmanager keeps quiet: why no break of the local world brings it.
BY_NO_BREAK = {
    "accrue.object.looked_up": "somebody looks an object up",
    "aivo.investigation.correlation": "somebody follows a correlation id",
    "stripe.event.looked_up": "somebody looks it up",
    "stripe.invoice.looked_up": "somebody looks it up",
    "accrue.ops.dunning_exhausted": "told with dunning_exhaustion, which inhibits it",
    "countersign.canary.stale": "a quarter of an hour without the canary",
}


def test_every_event_of_the_rules_is_brought_by_a_break_of_the_local_world() -> None:
    """By an alert or by a host that forwards it; not by somebody who runs its runbook."""
    events = {rule.event for system in shipped().content.systems.values() for rule in system.rules}
    brought = {row.event for row in ROWS if row.by_hand is None}
    of_scenarios = {
        rule.event
        for system in shipped().content.systems.values()
        for rule in system.rules
        if rule.runbook in {runbook for runbook, _ in of_marks()}
    }

    assert events - brought - of_scenarios == BY_NO_BREAK.keys()


def test_nothing_is_played_that_is_not_there() -> None:
    assert {each for each in PLAYED if each[1] is not None} - ACTIONS == set()
    assert {runbook for runbook, _ in PLAYED} - RUNBOOKS.keys() == set()


@pytest.mark.parametrize("rows", [pytest.param(ROWS, id="shipped"), pytest.param(OTHERWISE_INSTALLED, id="otherwise")])
def test_no_row_waits_for_itself_or_for_what_is_not_broken(rows: tuple) -> None:  # type: ignore[type-arg]
    waits = {at: before(at, rows) for at in range(len(rows))}
    broken = {row.scenario for row in rows}

    assert len([*TopologicalSorter(waits).static_order()]) == len(rows)
    assert {name for row in rows for name in row.after} <= broken


def test_no_row_is_there_twice() -> None:
    seen = [(row.scenario, row.event, row.runbook, str(row.options), str(row.labels), row.deeds) for row in ROWS]

    assert len(seen) == len({repr(each) for each in seen})
