"""Many incidents at once are one message with a list, and nothing of them is lost when it is over."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.desk import Declined, Done
from bot.store import storms
from bot.store.database import Database
from bot.store.incidents import latest
from tests.kit.weather import Weather
from tests.kit.workspace import RunningWorkspace, running_workspace


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


@pytest.fixture
def weather(sqlite_database: Database, workspace: RunningWorkspace) -> Weather:
    workspace.control.reset()
    return Weather(sqlite_database, workspace)


def accounts(number: int, *, start: int = 0) -> list[str]:
    return [f"a{at:06}" for at in range(start, start + number)]


def calls(weather: Weather) -> list[str]:
    return [call["method"] for call in weather.workspace.control.calls()]


def lines(message: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in message["blocks"] if block["type"] == "section"]


def buttons(message: dict[str, Any]) -> list[str]:
    return [block["accessory"]["value"].partition(":")[0] for block in message["blocks"] if "accessory" in block]


def test_a_few_incidents_are_told_one_by_one(weather: Weather) -> None:
    weather.alert(accounts(10))
    weather.live(15)

    assert len(weather.headlines()) == 10


def test_hundreds_of_alerts_in_one_webhook_are_a_handful_of_calls(weather: Weather) -> None:
    weather.alert(accounts(300))
    weather.live(20)

    assert weather.headlines() == [":tornado: Storm: 300 incidents"]
    assert len(calls(weather)) <= 5
    assert any("260 more incidents" in each for each in lines(weather.roots()[0]))


def test_the_storms_message_counts_by_system_and_severity_and_lists_what_fires_first(weather: Weather) -> None:
    weather.alert(accounts(8), severity="info")
    weather.alert(accounts(8, start=8), severity="warning")
    weather.alert(accounts(2), status="resolved", severity="info")
    weather.live(10)
    counts, *listed = lines(weather.roots()[0])

    assert counts.startswith("*14 firing*, 2 resolved")
    assert ":large_orange_circle: warning 8, :large_blue_circle: info 8\nLedger 16" in counts
    assert "a000008" in listed[7]
    assert listed[-1].endswith("resolved")


def test_incidents_that_are_critical_have_their_own_message_at_once(weather: Weather) -> None:
    weather.alert(accounts(20))
    weather.alert(["worst"], severity="critical")
    weather.live(3)

    assert set(weather.headlines()) == {
        ":tornado: Storm: 20 incidents",
        ":red_circle: CRITICAL · Ledger · Account is behind",
    }


def test_what_becomes_critical_in_a_storm_gets_its_own_message(weather: Weather) -> None:
    weather.alert(accounts(20))
    weather.live(2)
    weather.alert(accounts(1), severity="critical")
    weather.live(6)

    assert any("CRITICAL" in each for each in weather.headlines())
    assert len(buttons(weather.roots()[0])) == 19


def test_a_thread_is_opened_from_the_storms_message_once(weather: Weather) -> None:
    weather.alert(accounts(20))
    weather.live(2)
    first = buttons(weather.roots()[0])[0]
    opened, again = weather.open_thread(first), weather.open_thread(first)
    weather.live(6)

    assert isinstance(opened, Done)
    assert isinstance(again, Declined)
    assert len(weather.headlines()) == 2
    assert first not in buttons(weather.roots()[0])


def test_when_it_is_over_what_fires_gets_its_message_and_what_has_resolved_is_only_listed(weather: Weather) -> None:
    weather.alert(accounts(14))
    weather.live(5)
    weather.alert(accounts(9), status="resolved")
    weather.live(75)

    over, *roots = weather.headlines()
    assert over == ":white_check_mark: The storm is over: 14 incidents"
    assert len(roots) == 5
    assert all("WARNING" in each for each in roots)
    assert sum(line.endswith("resolved") for line in lines(weather.roots()[0])) == 9


def test_an_incident_that_resolves_after_the_storm_does_so_in_its_own_message(weather: Weather) -> None:
    weather.alert(accounts(12))
    weather.live(90)
    weather.alert(accounts(12), status="resolved")
    weather.live(30)

    assert len(weather.headlines()) == 13
    assert sum("RESOLVED" in each for each in weather.headlines()) == 12


def test_what_comes_back_after_the_storm_has_a_message_of_its_own(weather: Weather) -> None:
    weather.alert(accounts(12))
    weather.live(3)
    weather.alert(accounts(12), status="resolved")
    weather.live(80)
    before = len(weather.headlines())
    weather.alert(accounts(1))
    weather.live(5)

    assert (before, len(weather.headlines())) == (1, 2)


def test_a_storm_goes_on_where_another_replica_left_it(database: Database, workspace: RunningWorkspace) -> None:
    workspace.control.reset()
    one = Weather(database, workspace)
    one.alert(accounts(15))
    one.live(2)
    other = Weather(database, workspace, at=one.at)
    other.numbers = one.numbers
    other.alert(accounts(10, start=15))
    other.live(100)
    one.at = other.at
    one.storms.look()

    assert len(other.headlines()) == 26
    assert other.headlines()[0] == ":white_check_mark: The storm is over: 25 incidents"


def test_a_storm_that_cannot_be_shown_leaves_each_incident_its_message(
    weather: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("cannot be composed")

    monkeypatch.setattr(weather.show, "storm", broken)
    weather.alert(accounts(12))
    weather.settle()

    assert len(weather.headlines()) == 12


def test_what_gathers_while_slack_is_down_is_one_message_when_it_is_back(weather: Weather) -> None:
    weather.workspace.control.inject("down")
    for minute in range(6):
        weather.alert(accounts(5, start=5 * minute))
        weather.live(30)
    weather.alert(accounts(29), status="resolved")
    weather.workspace.control.clear_faults()
    weather.live(90)

    (told,) = [each for each in weather.roots() if "could not be reached" in each["blocks"][0]["text"]["text"]]
    assert sum("WARNING" in each for each in weather.headlines()) == 1
    # Those whose post may have been under way when it went down are told by themselves, once each.
    assert len(weather.headlines()) <= 12
    assert sum(line.endswith("resolved") for line in lines(told)) >= 19


def test_an_incident_that_people_decide_about_leaves_the_storm(weather: Weather) -> None:
    weather.alert(accounts(12))
    weather.live(1)
    with weather.database.begin() as conn:
        first = latest(conn, 1)[0].id
        held = storms.holding(conn, first)
        weather.show.thread(conn, first, weather.at)
        freed = storms.holding(conn, first)
    weather.live(2)

    assert held is not None
    assert freed is None
    assert len(weather.headlines()) == 2
