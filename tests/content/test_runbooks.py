"""Every trial under tests/content/runbooks comes to what it expects; `countersign simulate FILE` runs the same."""

from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from bot.adapters.files import load
from bot.core.errors import ContentErrors, ExpressionError
from bot.engine.catalog import Catalog, Source
from bot.engine.naming import paths
from bot.simulation.trial import Trial, trial
from bot.simulation.verdict import run

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "runbooks"
FILES = sorted(HERE.glob("*/*/*.yml"))


@cache
def catalog() -> Catalog:
    return load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")


@pytest.mark.parametrize("file", [pytest.param(each, id=each.relative_to(HERE).as_posix()) for each in FILES])
def test_a_trial_comes_to_what_it_expects(file: Path) -> None:
    name = file.relative_to(ROOT).as_posix()

    try:
        findings = run(trial(file.read_text(), file=name), catalog())[1]
    except ContentErrors as errors:
        findings = list(errors.findings)

    assert [str(finding) for finding in findings] == []


@cache
def trials() -> tuple[Source[Trial], ...]:
    return tuple(trial(file.read_text(), file=file.relative_to(HERE).as_posix()) for file in FILES)


ACTIONS = [f"{runbook}/{action.id}" for runbook, held in sorted(catalog().runbooks.items()) for action in held.actions]


@pytest.mark.parametrize("action", ACTIONS)
def test_some_trial_states_the_card_on_which_an_action_is_voted(action: str) -> None:
    runbook, _, action_id = action.rpartition("/")
    stated = [
        source.value.expect.cards.get(action_id, "") for source in trials() if source.value.expect.runbook == runbook
    ]

    assert any("[Approve" in card for card in stated), f"no trial under {runbook} states the card of {action_id}"


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_says_in_plain_words_what_will_be_so(action: str) -> None:
    runbook, _, action_id = action.rpartition("/")
    found = catalog().runbooks[runbook].action(action_id)

    assert found is not None
    assert found.about, "what it does and does not do"
    assert found.verify.goal, "what is so afterwards"


def test_every_action_that_a_trial_asks_for_has_its_card_there() -> None:
    unstated = [
        f"{source.document.file}: {action}"
        for source in trials()
        for action in source.value.actions
        if action not in source.value.expect.cards
    ]

    assert unstated == []


@cache
def held() -> frozenset[tuple[str, int]]:
    """Which conclusions hold in some trial, by runbook and number."""
    found: set[tuple[str, int]] = set()
    for source in trials():
        played = run(source, catalog())[0]
        if played is None or played.runbook is None:
            continue
        for number, conclusion in enumerate(played.runbook.conclude):
            with suppress(ExpressionError):
                if conclusion.when.holds(played.scope):
                    found.add((played.episode.incident.runbook, number))
    return frozenset(found)


def test_every_conclusion_holds_in_some_trial() -> None:
    never = [
        f"{name}: {conclusion.when.source}"
        for name, runbook in sorted(catalog().runbooks.items())
        for number, conclusion in enumerate(runbook.conclude)
        if (name, number) not in held()
    ]

    assert never == []


def decides() -> list[tuple[str, str]]:
    """Each runbook, with each option that decides whether something of it is for this installation."""
    return sorted(
        {
            (name, path.removeprefix("option."))
            for name, runbook in catalog().runbooks.items()
            for when in (
                *(question.when for question in runbook.diagnose),
                *(action.when for action in runbook.actions),
                *(action.windows.when for action in runbook.actions if action.windows),
            )
            if when is not None
            for path in paths(when)
            if path.startswith("option.")
        }
    )


@pytest.mark.parametrize(("runbook", "option"), decides())
def test_another_kind_of_installation_has_a_trial(runbook: str, option: str) -> None:
    shipped = catalog().systems[runbook.partition("/")[0]].options[option]
    played = {
        source.value.options.get(option, shipped) for source in trials() if source.value.expect.runbook == runbook
    }

    assert played - {shipped}, f"no trial of {runbook} has an option {option} that is not {shipped}"


@pytest.mark.parametrize("file", [pytest.param(each, id=each.relative_to(HERE).as_posix()) for each in FILES])
def test_a_trial_lies_where_its_runbook_is_named(file: Path) -> None:
    expected = trial(file.read_text(), file=file.name).value.expect.runbook

    assert expected == file.parent.relative_to(HERE).as_posix()
