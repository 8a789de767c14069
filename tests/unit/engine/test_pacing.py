"""Token buckets hold to their limit however calls fall."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.pacing import Bucket, Level, drained, opens_at, spent
from bot.jobs.delivery.limits import LIMITS, bucket

T0 = datetime(2026, 11, 26, tzinfo=UTC)
ONE_A_SECOND = Bucket(key="post", every=timedelta(seconds=1), burst=3)
FULL = Level(free_at=T0 - timedelta(days=1))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_a_full_bucket_gives_its_burst_and_then_one_at_a_time() -> None:
    level, opened = FULL, []
    for _ in range(5):
        moment = max(opens_at(ONE_A_SECOND, level), T0)
        opened.append((moment - T0).total_seconds())
        level = spent(ONE_A_SECOND, level, moment)

    assert opened == [0, 0, 0, 1, 2]


def test_a_pause_that_slack_asks_for_uses_up_the_burst() -> None:
    level = drained(ONE_A_SECOND, FULL, until=at(30))
    first = opens_at(ONE_A_SECOND, level)
    second = opens_at(ONE_A_SECOND, spent(ONE_A_SECOND, level, first))

    assert (first, second) == (at(30), at(31))


def test_a_shorter_pause_takes_nothing_from_a_longer_one() -> None:
    level = drained(ONE_A_SECOND, drained(ONE_A_SECOND, FULL, until=at(30)), until=at(5))

    assert opens_at(ONE_A_SECOND, level) == at(30)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(min_value=0, max_value=5), min_size=1, max_size=120))
@pytest.mark.parametrize("method", sorted(LIMITS))
def test_no_minute_holds_more_calls_than_the_tier_allows(method: str, pauses: list[float]) -> None:
    limit = bucket(method)
    level, now, calls = FULL, T0, []
    for pause in pauses:
        now = max(now + timedelta(seconds=pause), opens_at(limit, level))
        level = spent(limit, level, now)
        calls.append(now)

    busiest = max(sum(call <= other < call + timedelta(minutes=1) for other in calls) for call in calls)
    assert busiest <= LIMITS[method].per_minute
