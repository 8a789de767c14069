"""The paces of all replicas as rows: whoever wants to call takes its token here, in the transaction of its intent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from bot.engine.pacing import Bucket, Level, drained, opens_at, spent
from bot.store.database import insert_new
from bot.store.tables import paces

EVERYTHING = "*"
"""The key that stands for all of Slack: it is down, or will not have us."""

_LONG_AGO = timedelta(days=1)
_LONGEST_OUTAGE_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """What came of asking: `opens_at` is None when the call may be made; `strikes` counts answers that did not come."""

    opens_at: datetime | None
    key: str = ""
    strikes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """Something that is not called for a while, and why."""

    key: str
    until: datetime
    why: str


def take(conn: Connection, buckets: Sequence[Bucket], now: datetime) -> Pass:
    """Takes a token from each bucket, or from none and says when to come again."""
    wanted = {bucket.key: bucket for bucket in buckets}
    levels = _levels(conn, wanted, now)
    outage, strikes = _outage(conn)
    if outage is not None and outage > now:
        return Pass(opens_at=outage, key=EVERYTHING, strikes=strikes)
    at, key = max((opens_at(bucket, levels[key]), key) for key, bucket in wanted.items())
    if at > now:
        return Pass(opens_at=at, key=key, strikes=strikes)
    for name, bucket in wanted.items():
        conn.execute(update(paces).where(paces.c.key == name).values(free_at=spent(bucket, levels[name], now).free_at))
    return Pass(opens_at=None, strikes=strikes)


def charge(conn: Connection, buckets: Sequence[Bucket], now: datetime) -> None:
    """Takes a token from each bucket for a call that has been made already; where there is none, it is owed."""
    wanted = {bucket.key: bucket for bucket in buckets}
    for key, level in _levels(conn, wanted, now).items():
        conn.execute(update(paces).where(paces.c.key == key).values(free_at=spent(wanted[key], level, now).free_at))


def pause(conn: Connection, bucket: Bucket, *, until: datetime, why: str, now: datetime) -> None:
    """Closes a bucket for everybody; when it opens again, its burst is used up."""
    level = drained(bucket, _levels(conn, [bucket.key], now)[bucket.key], until=until)
    conn.execute(
        update(paces)
        .where(paces.c.key == bucket.key)
        .values(free_at=level.free_at, paused_until=level.paused_until, why=why[:200])
    )


def close(conn: Connection, *, until: datetime, why: str, now: datetime) -> None:
    """Nothing at all is called until then."""
    _levels(conn, [EVERYTHING], now)
    conn.execute(update(paces).where(paces.c.key == EVERYTHING).values(paused_until=until, why=why[:200]))


def strike(conn: Connection, *, why: str, now: datetime) -> datetime:
    """Notes that Slack does not answer at all; returns when somebody may look again: later each time."""
    _levels(conn, [EVERYTHING], now)
    _, strikes = _outage(conn)
    until = now + min(timedelta(seconds=1 << min(strikes + 1, 10)), _LONGEST_OUTAGE_WAIT)
    conn.execute(
        update(paces)
        .where(paces.c.key == EVERYTHING)
        .values(paused_until=until, why=why[:200], strikes=paces.c.strikes + 1)
    )
    return until


def answered(conn: Connection) -> None:
    """Notes that Slack answers again."""
    conn.execute(update(paces).where(paces.c.key == EVERYTHING).values(paused_until=None, why=None, strikes=0))


def pauses(conn: Connection, now: datetime) -> list[Pause]:
    """What is not called at this moment, and why."""
    rows = conn.execute(select(paces).where(paces.c.paused_until > now).order_by(paces.c.key))
    return [Pause(key=row.key, until=row.paused_until, why=row.why or "") for row in rows]


def _levels(conn: Connection, keys: Iterable[str], now: datetime) -> dict[str, Level]:
    """The levels, locked in the order of their keys; a bucket nobody has used yet is full."""
    wanted = sorted(keys)
    query = select(paces).where(paces.c.key.in_(wanted)).order_by(paces.c.key).with_for_update()
    found = {row.key: row for row in conn.execute(query)}
    if len(found) < len(wanted):
        for key in wanted:
            if key not in found:
                row = {"key": key, "free_at": now - _LONG_AGO, "paused_until": None, "why": None, "strikes": 0}
                insert_new(conn, paces, row)
        found = {row.key: row for row in conn.execute(query)}
    return {key: Level(free_at=row.free_at, paused_until=row.paused_until) for key, row in found.items()}


def _outage(conn: Connection) -> tuple[datetime | None, int]:
    row = conn.execute(select(paces.c.paused_until, paces.c.strikes).where(paces.c.key == EVERYTHING)).first()
    return (row.paused_until, row.strikes) if row else (None, 0)
