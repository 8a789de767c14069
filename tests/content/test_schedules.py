"""What the shipped rules have done by the clock comes when the systems' documents say."""

from datetime import UTC, datetime

import pytest

from bot.adapters.cron import Cron
from bot.engine.scheduled import Check, Missed, Schedule
from tests.kit.coverage import shipped


def timed(system: str, name: str) -> Check | Schedule:
    found = shipped().content.systems[system]
    every: list[Check | Schedule] = [*found.checks, *found.schedules]
    return next(each for each in every if each.name == name)


@pytest.mark.parametrize(
    ("system", "name", "after", "comes"),
    [
        pytest.param("adventive", "reconcile", "2026-11-26T20:00", "2026-11-27T06:00", id="reconciliation"),
        pytest.param("adventive", "daily-reconciliation", "2026-11-26T20:00", "2026-11-27T06:05", id="its-digest"),
        pytest.param("stripemeter", "daily-reconciliation", "2026-11-26T20:00", "2026-11-27T06:30", id="of-usage"),
        pytest.param("adventive", "month-end", "2026-11-26T20:00", "2026-11-30T08:00", id="month-end"),
        pytest.param("adventive", "month-end", "2027-02-01T00:00", "2027-02-28T08:00", id="february"),
        pytest.param("adventive", "month-end", "2028-02-01T00:00", "2028-02-29T08:00", id="leap-year"),
    ],
)
def test_it_comes_at_its_time_in_utc(system: str, name: str, after: str, comes: str) -> None:
    found = Cron().next(timed(system, name), datetime.fromisoformat(after).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(comes).replace(tzinfo=UTC)


def test_what_is_due_once_a_day_or_month_is_made_up_for_when_nobody_was_there() -> None:
    systems = shipped().content.systems.values()
    digests = [each for system in systems for each in system.schedules]

    assert digests
    assert {each.missed for each in (*digests, timed("adventive", "reconcile"))} == {Missed.CATCH_UP}


def test_the_month_end_is_a_checklist_whose_steps_a_person_ticks() -> None:
    runbook = shipped().content.runbooks["adventive/month-end"]

    assert runbook.points is not None
    assert len(runbook.points.steps) > 3
    assert runbook.diagnose
