"""Token buckets: how many calls a limit lets through at once, and how many after that."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A limit: `burst` calls at once, then one in `every`."""

    key: str
    every: timedelta
    burst: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """How far a bucket is used up: it is full again at `free_at`, and closed until `paused_until`."""

    free_at: datetime
    paused_until: datetime | None = None


def opens_at(bucket: Bucket, level: Level) -> datetime:
    """The moment from which the next call may be made; it may be past."""
    has_one = level.free_at - bucket.every * (bucket.burst - 1)
    return max(has_one, level.paused_until) if level.paused_until else has_one


def spent(bucket: Bucket, level: Level, now: datetime) -> Level:
    """The level after one call at this moment."""
    return replace(level, free_at=max(level.free_at, now) + bucket.every)


def drained(bucket: Bucket, level: Level, *, until: datetime) -> Level:
    """The level after the other side has said to wait until then: one call goes through then, and no burst."""
    empty = until + bucket.every * (bucket.burst - 1)
    return Level(free_at=max(level.free_at, empty), paused_until=max(level.paused_until or until, until))
