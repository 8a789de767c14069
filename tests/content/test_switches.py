"""The kill switches that ship: each says what goes on all the same, and who has none says why."""

from functools import cache
from pathlib import Path

import pytest

from bot.adapters.files import load
from bot.engine.catalog import Catalog
from bot.slack import switch_words
from bot.slack.switch_view import listed
from bot.store.database import Database

ROOT = Path(__file__).parents[2]


@cache
def catalog() -> Catalog:
    return load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")


@pytest.mark.parametrize("system", ["accrue", "adventive", "aivo"])
def test_whatever_stops_dunning_says_that_stripe_goes_on(system: str) -> None:
    switches = catalog().systems[system].switches

    assert switches
    for each in switches.values():
        assert "Stripe" in each.does_not_stop or "Every other invoice" in each.does_not_stop


def test_stripemeter_has_none_and_says_why(sqlite_database: Database) -> None:
    with sqlite_database.read() as conn:
        view = listed(conn, catalog().systems)

    without = dict(view.without)
    assert "collects no money" in without["StripeMeter"]
    assert "collects no money" in switch_words.listed(view)
    assert not [each for each in view.idle if each.name.startswith("stripemeter/")]
