"""When an action may run: hours and frozen days, by local clocks that change twice a year."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from bot.engine.policy import Windows
from bot.engine.windows import closed

BERLIN = "Europe/Berlin"
BY_DAY = {"from": "08:00", "until": "20:00", "timezone": BERLIN}
WEEKDAYS = {**BY_DAY, "days": ["mon", "tue", "wed", "thu", "fri"]}
BY_NIGHT = {"from": "22:00", "until": "06:00", "timezone": BERLIN, "days": ["fri"]}
MONTH_END = {"month_days": [-2, -1, 1], "timezone": BERLIN, "why": "month-end closing"}
HOLIDAYS = {"dates": ["2026-12-24/2027-01-01", "2027-04-05"], "timezone": BERLIN, "why": "holidays"}


def windows(*allow: dict[str, Any], freeze: tuple[dict[str, Any], ...] = ()) -> Windows:
    return Windows.model_validate({"allow": allow, "freeze": freeze})


def at(text: str) -> datetime:
    """`2026-11-20 07:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("declared", "moment", "is_open"),
    [
        # Berlin is UTC+1 in winter and UTC+2 in summer.
        pytest.param(windows(BY_DAY), "2026-11-20 06:59", False, id="winter-07:59"),
        pytest.param(windows(BY_DAY), "2026-11-20 07:00", True, id="winter-08:00"),
        pytest.param(windows(BY_DAY), "2026-11-20 18:59", True, id="winter-19:59"),
        pytest.param(windows(BY_DAY), "2026-11-20 19:00", False, id="winter-20:00"),
        pytest.param(windows(BY_DAY), "2026-07-20 05:59", False, id="summer-07:59"),
        pytest.param(windows(BY_DAY), "2026-07-20 06:00", True, id="summer-08:00"),
        pytest.param(windows(BY_DAY), "2026-07-20 18:00", False, id="summer-20:00"),
        pytest.param(windows(WEEKDAYS), "2026-11-20 12:00", True, id="a-friday"),
        pytest.param(windows(WEEKDAYS), "2026-11-21 12:00", False, id="a-saturday"),
        # A Sunday in UTC is Monday already in Auckland.
        pytest.param(
            windows({**WEEKDAYS, "timezone": "Pacific/Auckland"}), "2026-11-22 20:00", True, id="monday-elsewhere"
        ),
        pytest.param(windows(BY_NIGHT), "2026-11-20 21:00", True, id="friday-22:00"),
        pytest.param(windows(BY_NIGHT), "2026-11-21 04:59", True, id="the-saturday-after-05:59"),
        pytest.param(windows(BY_NIGHT), "2026-11-21 05:00", False, id="the-saturday-after-06:00"),
        pytest.param(windows(BY_NIGHT), "2026-11-20 04:00", False, id="friday-morning-belongs-to-thursday"),
        pytest.param(windows(BY_NIGHT), "2026-11-21 21:00", False, id="saturday-22:00"),
        pytest.param(
            windows({**BY_DAY, "from": "00:00", "until": "24:00"}), "2026-11-20 22:59", True, id="a-whole-day-23:59"
        ),
        pytest.param(windows(WEEKDAYS, {**BY_DAY, "days": ["sat"]}), "2026-11-21 12:00", True, id="either-of-two"),
        # 2026-03-29: clocks go from 02:00 to 03:00; 00:59 UTC is 01:59, 01:00 UTC is 03:00.
        pytest.param(
            windows({**BY_DAY, "from": "02:00", "until": "03:00"}),
            "2026-03-29 00:59",
            False,
            id="spring-before-the-gap",
        ),
        pytest.param(
            windows({**BY_DAY, "from": "02:00", "until": "03:00"}), "2026-03-29 01:00", False, id="spring-after-the-gap"
        ),
        pytest.param(windows({**BY_DAY, "from": "02:30"}), "2026-03-29 01:00", True, id="spring-begins-inside-the-gap"),
        # 2026-10-25: 02:00 to 03:00 comes twice; 00:30 and 01:30 UTC are both 02:30.
        pytest.param(
            windows({**BY_DAY, "from": "02:00", "until": "03:00"}), "2026-10-25 00:30", True, id="autumn-first-time"
        ),
        pytest.param(
            windows({**BY_DAY, "from": "02:00", "until": "03:00"}), "2026-10-25 01:30", True, id="autumn-second-time"
        ),
        pytest.param(
            windows({**BY_DAY, "from": "02:00", "until": "03:00"}), "2026-10-25 02:00", False, id="autumn-over"
        ),
        pytest.param(windows(freeze=(MONTH_END,)), "2026-11-28 12:00", True, id="third-last-of-november"),
        pytest.param(windows(freeze=(MONTH_END,)), "2026-11-29 12:00", False, id="second-last-of-november"),
        pytest.param(windows(freeze=(MONTH_END,)), "2026-11-30 12:00", False, id="last-of-november"),
        pytest.param(windows(freeze=(MONTH_END,)), "2026-12-01 12:00", False, id="first-of-december"),
        pytest.param(windows(freeze=(MONTH_END,)), "2026-12-01 23:30", True, id="the-second-already-in-berlin"),
        pytest.param(windows(freeze=(MONTH_END,)), "2026-12-30 12:00", False, id="second-last-of-a-31-day-month"),
        pytest.param(windows(freeze=(MONTH_END,)), "2028-02-29 12:00", False, id="last-of-a-leap-february"),
        pytest.param(windows(freeze=(HOLIDAYS,)), "2026-12-23 22:59", True, id="before-the-holidays"),
        pytest.param(windows(freeze=(HOLIDAYS,)), "2026-12-23 23:00", False, id="the-holidays-begin-at-local-midnight"),
        pytest.param(windows(freeze=(HOLIDAYS,)), "2027-01-01 22:59", False, id="their-last-minute"),
        pytest.param(windows(freeze=(HOLIDAYS,)), "2027-04-05 12:00", False, id="a-single-day"),
        pytest.param(windows(BY_DAY, freeze=(MONTH_END,)), "2026-11-30 12:00", False, id="frozen-within-its-hours"),
    ],
)
def test_an_action_runs_within_its_hours_and_on_no_frozen_day(declared: Windows, moment: str, is_open: bool) -> None:
    assert (closed(declared, at(moment)) is None) is is_open


@pytest.mark.parametrize(
    ("declared", "moment", "told"),
    [
        pytest.param(
            windows(WEEKDAYS),
            "2026-11-21 12:00",
            "it is outside its hours, mon, tue, wed, thu, fri 08:00-20:00 Europe/Berlin; "
            "it may run from 2026-11-23 08:00 Europe/Berlin",
            id="on-a-saturday-until-monday",
        ),
        pytest.param(
            windows(freeze=(MONTH_END,)),
            "2026-11-30 12:00",
            "no such action on 2026-11-30 (Europe/Berlin): month-end closing; "
            "it may run from 2026-12-02 00:00 Europe/Berlin",
            id="until-the-freeze-ends",
        ),
        pytest.param(
            windows(BY_DAY, freeze=(MONTH_END,)),
            "2026-11-28 20:00",
            "it is outside its hours, 08:00-20:00 Europe/Berlin; it may run from 2026-12-02 08:00 Europe/Berlin",
            id="an-opening-on-a-frozen-day-is-none",
        ),
        pytest.param(
            windows({**BY_DAY, "from": "02:30", "until": "04:00"}),
            "2026-03-29 00:00",
            "it is outside its hours, 02:30-04:00 Europe/Berlin; it may run from 2026-03-29 03:30 Europe/Berlin",
            id="an-opening-that-the-clocks-skip-comes-after",
        ),
    ],
)
def test_who_is_refused_is_told_when_it_may_run_again(declared: Windows, moment: str, told: str) -> None:
    assert closed(declared, at(moment)) == told


def test_windows_count_only_where_the_installation_wants_them() -> None:
    declared = Windows.model_validate({"when": "option.quiet", "allow": [BY_DAY]})

    assert declared.count({"quiet": True})
    assert not declared.count({"quiet": False})


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param({**BY_DAY, "from": "24:00"}, id="from-the-end-of-the-day"),
        pytest.param({**BY_DAY, "from": "20:00"}, id="no-length"),
        pytest.param({**BY_DAY, "from": "8:00"}, id="one-digit"),
        pytest.param({**BY_DAY, "until": "24:01"}, id="past-the-end"),
        pytest.param({**BY_DAY, "timezone": "Mars/Olympus"}, id="another-planet"),
        pytest.param({**BY_DAY, "timezone": "../etc/passwd"}, id="a-path"),
    ],
)
def test_hours_that_mean_nothing_are_refused(hours: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        windows(hours)
