"""The three hardest rows of the catalogue, written down to see whether the file format carries them."""

from pathlib import Path

import pytest
import yaml

from bot.engine.runbook import Runbook

TRIALS = sorted((Path(__file__).parents[2] / "docs/trials").glob("*.yml"))


@pytest.mark.parametrize("file", TRIALS, ids=lambda file: file.stem)
def test_the_format_carries_the_hard_ones(file: Path) -> None:
    runbook = Runbook.model_validate(yaml.safe_load(file.read_text()))

    assert runbook.conclude
    assert all(action.verify.until for action in runbook.actions)


def test_all_three_are_there() -> None:
    assert [file.stem for file in TRIALS] == ["braintree-renewal", "double-charge", "mass-sync"]
