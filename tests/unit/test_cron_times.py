"""When a cron comes next, in its own zone and in the nights when clocks are set."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.cron import Cron
from bot.engine.scheduled import Check, Schedule


def schedule(cron: str, timezone: str = "UTC") -> Schedule:
    return Schedule(cron=cron, timezone=timezone, runbook="shop/daily")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def following(cron: str, timezone: str, since: str, count: int) -> list[str]:
    times, moment = [], at(since)
    for _ in range(count):
        found = Cron().next(schedule(cron, timezone), moment)
        assert found is not None
        times.append(f"{found:%Y-%m-%d %H:%M}")
        moment = found
    return times


@pytest.mark.parametrize(
    ("cron", "timezone", "since", "expected"),
    [
        pytest.param("0 6 * * *", "UTC", "2026-11-20T06:00", ["2026-11-21 06:00", "2026-11-22 06:00"], id="daily"),
        pytest.param(
            "0 9 last * *", "UTC", "2026-01-31T09:00", ["2026-02-28 09:00", "2026-03-31 09:00"], id="month-end"
        ),
        pytest.param("0 6 * * mon-fri", "UTC", "2026-11-20T07:00", ["2026-11-23 06:00"], id="weekdays"),
        pytest.param(
            "0 6 * * *", "Europe/Berlin", "2026-03-28T06:00", ["2026-03-29 04:00", "2026-03-30 04:00"], id="summer"
        ),
        pytest.param(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00",
            ["2026-10-25 00:30", "2026-10-26 01:30"],
            id="an-hour-that-comes-twice-is-meant-once",
        ),
    ],
)
def test_the_next_times(cron: str, timezone: str, since: str, expected: list[str]) -> None:
    assert following(cron, timezone, since, len(expected)) == expected


def test_no_time_is_before_the_one_it_follows_in_the_night_that_clocks_go_back() -> None:
    times = following("*/20 * * * *", "Europe/Berlin", "2026-10-24T23:00", 12)

    assert times == sorted(set(times))
    assert times[-1] > "2026-10-25 01:30"


def test_the_latest_time_of_a_long_absence_is_found() -> None:
    cron = Cron()

    latest = cron.latest(schedule("0 6 * * *"), after=at("2026-01-01T00:00"), until=at("2026-11-20T05:00"))

    assert latest == at("2026-11-19T06:00")


def test_there_was_none() -> None:
    assert Cron().latest(schedule("0 6 * * *"), after=at("2026-11-20T06:00"), until=at("2026-11-20T07:00")) is None


def test_in_a_hurry_a_check_comes_every_so_often_and_a_daily_one_or_a_schedule_as_it_says() -> None:
    cron = Cron(hurry=timedelta(seconds=2))

    assert cron.next(check("*/10 * * * *"), at("2026-11-20T12:00:01")) == at("2026-11-20T12:00:02")
    assert cron.next(check("17 * * * *"), at("2026-11-20T12:00:01")) == at("2026-11-20T12:00:02")
    assert cron.next(check("0 6 * * *"), at("2026-11-20T12:00:01")) == at("2026-11-21T06:00")
    assert cron.next(schedule("0 6 * * *"), at("2026-11-20T12:00")) == at("2026-11-21T06:00")


def check(cron: str) -> Check:
    return Check.model_validate(
        {
            "id": "ready",
            "cron": cron,
            "http": {"at": "api", "get": "/ready"},
            "metric": "countersign_check_ready",
            "value": "status_code",
        }
    )
