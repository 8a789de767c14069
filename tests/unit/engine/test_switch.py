"""Which switch stops which action, and when somebody is reminded."""

from datetime import timedelta

import pytest

from bot.engine.switch import Kind, Reminder, Switch, engaged_by, released_by, scope_of, stopping
from bot.engine.system import System
from tests.kit.moments import NOON
from tests.kit.trust import SYSTEM, runbook

RUNBOOKS = {"ledger/dead": runbook()}
HOUR = timedelta(hours=1)


def switch(*, reminders: int = 0, length: timedelta = 4 * HOUR, is_released: bool = False) -> Switch:
    return Switch(
        id="1",
        name="bot",
        kind=Kind.BOT,
        scope="",
        system=None,
        person="U0FIRST",
        reason="deploy",
        since=NOON,
        until=NOON + length,
        is_verified=True,
        reminders=reminders,
        released_at=NOON if is_released else None,
        released_by=None,
        release_reason=None,
    )


def test_an_action_is_stopped_by_three_switches_the_widest_first() -> None:
    names = stopping(system="ledger", runbook="ledger/dead", action="replay")

    assert names == ("bot", "bot:ledger", "bot:ledger/dead/replay")


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("bot", ["ledger"]),
        ("bot:ledger", ["ledger"]),
        ("bot:ledger/dead/replay", ["ledger"]),
        ("bot:", []),
        ("bot:other", []),
        ("bot:ledger/dead/other", []),
        ("bot:ledger/other/replay", []),
        ("ledger", []),
        ("Bot", []),
        ("", []),
    ],
)
def test_only_a_switch_of_something_that_is_there_is_a_switch(name: str, about: list[str]) -> None:
    assert list(scope_of(name, systems={"ledger": SYSTEM}, runbooks=RUNBOOKS)) == about


def test_a_business_switch_is_found_by_its_actions() -> None:
    declared = {"title": "Replays", "does_not_stop": "Stripe", "engage": "ledger/dead/replay"}
    system = System.model_validate(
        SYSTEM.model_dump(by_alias=True) | {"switches": {"replays": declared | {"release": "ledger/dead/unplay"}}}
    )

    engaged = engaged_by(system, runbook="ledger/dead", action="replay")
    released = released_by(system, runbook="ledger/dead", action="unplay")

    assert engaged is not None
    assert engaged.name == "ledger/replays"
    assert [each.name for each in released] == ["ledger/replays"]
    assert engaged_by(system, runbook="ledger/dead", action="unplay") is None


def test_a_business_switch_is_also_found_by_actions_of_other_runbooks() -> None:
    declared = {
        "title": "Replays",
        "does_not_stop": "Stripe",
        "engage": "ledger/dead/replay",
        "release": "ledger/dead/unplay",
        "engaged_also_by": ["ledger/late/replay"],
        "released_also_by": ["ledger/late/unplay"],
    }
    system = System.model_validate(SYSTEM.model_dump(by_alias=True) | {"switches": {"replays": declared}})

    engaged = engaged_by(system, runbook="ledger/late", action="replay")
    released = released_by(system, runbook="ledger/late", action="unplay")

    assert engaged is not None
    assert engaged.name == "ledger/replays"
    assert [each.name for each in released] == ["ledger/replays"]
    assert engaged_by(system, runbook="ledger/late", action="unplay") is None


@pytest.mark.parametrize(
    ("after", "said", "due"),
    [
        (timedelta(0), 0, None),
        (4 * HOUR - timedelta(minutes=16), 0, None),
        (4 * HOUR - timedelta(minutes=15), 0, Reminder.SOON),
        (4 * HOUR - timedelta(minutes=1), 1, None),
        (4 * HOUR, 1, Reminder.OVER),
        (4 * HOUR, 0, Reminder.OVER),
        (40 * HOUR, 2, None),
    ],
)
def test_each_reminder_is_due_once_and_a_missed_one_is_not_made_up_for(
    after: timedelta, said: int, due: Reminder | None
) -> None:
    assert switch(reminders=said).reminder(NOON + after) is due


def test_a_short_one_is_not_reminded_of_at_once() -> None:
    short = switch(length=timedelta(minutes=10))

    assert short.reminder(NOON) is None
    assert short.reminder(NOON + timedelta(minutes=5)) is Reminder.SOON


def test_nobody_is_reminded_of_what_is_released() -> None:
    assert switch(is_released=True).reminder(NOON + 9 * HOUR) is None
