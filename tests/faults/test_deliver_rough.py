"""Whatever Slack does while incidents come and go: each ends with one root, in its last state, and nothing twice."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from bot.store.database import Database
from tests.kit.weather import Weather
from tests.kit.workspace import Control, RunningWorkspace, running_workspace

INCIDENTS = 6
Trouble = Callable[[Control, int], None]


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


@pytest.fixture
def weather(sqlite_database: Database, workspace: RunningWorkspace) -> Weather:
    workspace.control.reset()
    return Weather(sqlite_database, workspace)


def throttled(control: Control, number: int) -> None:
    control.inject("ratelimited", "*", calls=2, retry_after=1 + number % 4)


def failing(control: Control, number: int) -> None:
    control.inject("status", "*", calls=1, status=500 + number % 4)


def answers_lost(control: Control, number: int) -> None:
    control.inject("lost_reply", "chat.postMessage" if number % 2 else "chat.update", calls=1)


def slow(control: Control, number: int) -> None:
    """So slow that it hangs up, once after the effect; and slower than usual."""
    if number == 2:
        control.inject("lost_reply", "chat.postMessage", calls=1, hold=0.5)
    else:
        control.inject("slow", "*", calls=2, hold=0.05)


def down(control: Control, number: int) -> None:
    if number == 1:
        control.inject("down")
    if number == 4:
        control.clear_faults()


def everything(control: Control, number: int) -> None:
    (throttled, failing, answers_lost)[number % 3](control, number)


@pytest.mark.parametrize(
    "trouble", [throttled, failing, answers_lost, slow, down, everything], ids=lambda each: each.__name__
)
def test_each_incident_ends_with_one_root_in_its_last_state(weather: Weather, trouble: Trouble) -> None:
    for number in range(INCIDENTS):
        trouble(weather.workspace.control, number)
        weather.alert([f"a{number:06}"])
        weather.live(12)
        if number >= 3:
            weather.alert([f"a{number - 3:06}"], status="resolved")
    weather.workspace.control.clear_faults()
    weather.pass_time(70)
    weather.settle()

    states = Counter(headline.partition(" · ")[0] for headline in weather.headlines())
    assert states == {":white_check_mark: RESOLVED": 3, ":large_orange_circle: WARNING": 3}
    told = [str(root["blocks"]) for root in weather.roots()]
    assert [sum(f"a{number:06}" in each for each in told) for number in range(INCIDENTS)] == [1] * INCIDENTS
    assert all(sum(f"a{number:06}" in each for number in range(INCIDENTS)) == 1 for each in told)
