"""What scenarios play: the rows of the catalogue, and what other scenarios say of themselves by the mark `plays`."""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.engine.runbook import Runbook
from tests.kit.catalogue import Row

SCENARIOS = Path(__file__).parents[1] / "scenario"


def of_rows(rows: Sequence[Row], runbooks: Mapping[str, Runbook]) -> set[tuple[str, str | None]]:
    """The runbooks of these rows, and each action that they carry out or undo."""
    played: set[tuple[str, str | None]] = set()
    for row in rows:
        played.add((row.runbook, None))
        for deed in row.deeds:
            played.add((row.runbook, deed.action))
            action = runbooks[row.runbook].action(deed.action)
            if deed.undo and action is not None:
                played.add((row.runbook, action.undo))
    return played


def of_marks() -> set[tuple[str, str | None]]:
    """What stands at the tests of tests/scenario: a runbook, and the actions that are carried out in it."""
    played: set[tuple[str, str | None]] = set()
    for runbook, *actions in _marks():
        played |= {(runbook, None), *((runbook, action) for action in actions)}
    return played


def _marks() -> Iterator[tuple[str, ...]]:
    for file in sorted(SCENARIOS.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"played_{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        tests = [each for name, each in vars(module).items() if name.startswith("test_")]
        yield from (mark.args for test in tests for mark in getattr(test, "pytestmark", []) if mark.name == "plays")
