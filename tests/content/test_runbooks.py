"""Every trial under tests/content/runbooks comes to what it expects; `countersign simulate FILE` runs the same."""

from functools import cache
from pathlib import Path

import pytest

from bot.adapters.files import load
from bot.core.errors import ContentErrors
from bot.engine.catalog import Catalog
from bot.simulation.trial import trial
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


@pytest.mark.parametrize("file", [pytest.param(each, id=each.relative_to(HERE).as_posix()) for each in FILES])
def test_a_trial_lies_where_its_runbook_is_named(file: Path) -> None:
    expected = trial(file.read_text(), file=file.name).value.expect.runbook

    assert expected == file.parent.relative_to(HERE).as_posix()
