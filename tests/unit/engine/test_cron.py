"""Five cron fields: what they mean is checked when the file is loaded."""

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.engine.cron import Cron, CronText

CRON = TypeAdapter(CronText)


@pytest.mark.parametrize(
    "text", ["* * * * *", "*/10 * * * *", "0 6 * * *", "5,35 8-18/2 * * mon-fri", "0 9 last jan,jul *", "0 0 29 feb *"]
)
def test_a_cron_is_read(text: str) -> None:
    assert CRON.validate_python(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("0 6 * *", "five fields", id="a field short"),
        pytest.param("60 6 * * *", "minute: 60 is not within 0 to 59", id="minute"),
        pytest.param("0 6 0 * *", "day: 0 is not within 1 to 31", id="day"),
        pytest.param("0 6 * 13 *", "month: 13 is not within 1 to 12", id="month"),
        pytest.param("0 6 * * 1", "day_of_week: write mon", id="a weekday's number"),
        pytest.param("*/0 6 * * *", "/0 would never come", id="no step"),
        pytest.param("0 18-8 * * *", "18-8 ends before it begins", id="backwards"),
        pytest.param("0 6 31 feb,apr *", "no such day", id="a day that no month has"),
        pytest.param("0 6 * last *", "month: last is not within", id="last of what"),
        pytest.param("@daily", "five fields", id="a nickname"),
    ],
)
def test_a_slip_is_found(text: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        CRON.validate_python(text)


def test_the_fields_are_spelled_as_apscheduler_reads_them() -> None:
    fields = Cron("0 9 L jan mon").fields

    assert fields == {"minute": "0", "hour": "9", "day": "last", "month": "jan", "day_of_week": "mon"}
