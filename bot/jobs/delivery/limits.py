"""How often Slack may be called, as data with its source, and which of our calls fall under which limit.

Slack names tiers (docs.slack.dev/apis/web-api/rate-limits, and each method's own page): tier 2 is 20 calls a minute and
more, tier 3 50, tier 4 100, per method and workspace. chat.postMessage is special: one a second in a channel with short
bursts, and "several hundred" a minute in a workspace. Bursts carry no guarantee, so of a minute's calls two fifths
may come at once and the rest evenly: however they fall, no minute holds more than the tier.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.engine.pacing import Bucket

_MINUTE = timedelta(minutes=1)
_AT_ONCE = 0.4  # of what a minute allows

_HASTE = timedelta(seconds=10)  # after what Slack took last; a state that changes as soon may change again


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """Calls a minute over the whole workspace; `in_channel` is (burst, pause) where each channel has one of its own."""

    per_minute: int
    source: str
    in_channel: tuple[int, timedelta] | None = None


POST, UPDATE, DELETE = "chat.postMessage", "chat.update", "chat.delete"
HISTORY, REPLIES, LIST = "conversations.history", "conversations.replies", "conversations.list"
GET_UPLOAD, COMPLETE_UPLOAD = "files.getUploadURLExternal", "files.completeUploadExternal"

_TIERS = "docs.slack.dev/apis/web-api/rate-limits"

LIMITS: Mapping[str, Limit] = {
    POST: Limit(
        per_minute=240,
        in_channel=(3, timedelta(seconds=1.1)),  # one that came a moment early would be refused
        source=f"{_TIERS}: 1 a second and channel, short bursts, several hundred a minute and workspace",
    ),
    UPDATE: Limit(per_minute=50, source=f"{_TIERS}: tier 3"),
    DELETE: Limit(per_minute=50, source=f"{_TIERS}: tier 3"),
    HISTORY: Limit(per_minute=50, source=f"{_TIERS}: tier 3 for internal apps"),
    REPLIES: Limit(per_minute=50, source=f"{_TIERS}: tier 3 for internal apps"),
    LIST: Limit(per_minute=20, source=f"{_TIERS}: tier 2"),
    GET_UPLOAD: Limit(per_minute=100, source=f"{_TIERS}: tier 4"),
    COMPLETE_UPLOAD: Limit(per_minute=100, source=f"{_TIERS}: tier 4"),
}


def bucket(method: str) -> Bucket:
    """The bucket of a method over the whole workspace; of one we have no figure for, as tier 2."""
    per_minute = LIMITS[method].per_minute if method in LIMITS else 20
    at_once = max(1, int(per_minute * _AT_ONCE))
    return Bucket(key=method, every=_MINUTE / (per_minute - at_once), burst=at_once)


def hasty_until(shown_at: datetime | None, now: datetime) -> datetime | None:
    """Until when an edit of what Slack took then is a hasty one; None when it is not."""
    until = shown_at + _HASTE if shown_at is not None else now
    return until if now < until else None


def hasty(edits: Bucket) -> Bucket:
    """The bucket of edits as hasty ones see it: they leave half of what may come at once to the others."""
    return replace(edits, burst=edits.burst // 2)


def buckets(methods: Sequence[str], *, channel: str) -> list[Bucket]:
    """Every bucket that calls of these methods in a channel take from."""
    return [each for method in methods for each in _of(method, channel)]


def _of(method: str, channel: str) -> Iterator[Bucket]:
    yield bucket(method)
    limit = LIMITS.get(method)
    if limit is not None and limit.in_channel is not None:
        burst, every = limit.in_channel
        yield Bucket(key=f"{method} {channel}", every=every, burst=burst)
