"""What holds an action back whoever approves it: its hours, how often it ran, and how lately it touched a target."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.errors import ExpressionError
from bot.engine.approval import Why
from bot.engine.request import Request
from bot.engine.runbook import Action
from bot.engine.system import System
from bot.engine.windows import closed
from bot.store import touches

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_NAMED = 3  # targets that a sentence names


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Why it must not run now, and the sentence that says so, without its full stop."""

    why: Why
    say: str


def held_back(
    conn: Connection, *, request: Request, system: System, action: Action, ids: Sequence[str], now: datetime
) -> Held | None:
    """What speaks against starting this request on these targets now; None lets it go.

    Counted over what all replicas have claimed. Only who holds the audit's lock knows that nobody claims meanwhile.
    """
    if why := outside_hours(system, action, now):
        return Held(why=Why.OUTSIDE_HOURS, say=why)
    return spent(conn, request=request, action=action, ids=ids, now=now)


def held_back_again(
    conn: Connection, *, request: Request, system: System, action: Action, ids: Sequence[str], now: datetime
) -> Held | None:
    """The same for what is left of an execution, which was counted when it began."""
    if why := outside_hours(system, action, now):
        return Held(why=Why.OUTSIDE_HOURS, say=why)
    return next(_cooling(conn, request, action, ids, now), None)


def spent(conn: Connection, *, request: Request, action: Action, ids: Sequence[str], now: datetime) -> Held | None:
    """What speaks against it but the hour: how often it ran, and how lately it touched a target."""
    return next(_spent(conn, request=request, action=action, ids=ids, now=now), None)


def outside_hours(system: System, action: Action, now: datetime) -> str | None:
    """Why the action must not run at this moment, and when it may; None when it may."""
    try:
        if action.windows is None or not action.windows.count(system.options):
            return None
    except ExpressionError as error:
        return f"whether its hours count cannot be judged: {error}"
    return closed(action.windows, now)


def _spent(conn: Connection, *, request: Request, action: Action, ids: Sequence[str], now: datetime) -> Iterator[Held]:
    for most, length, said in (
        (action.limits.per_hour, _HOUR, "within the last hour"),
        (action.limits.per_day, _DAY, "within the last 24 hours"),
    ):
        if most is None:
            continue
        started = touches.claimed_since(
            conn, system=request.system, runbook=request.runbook, action=request.action, since=now - length
        )
        if started >= most:
            yield Held(why=Why.TOO_OFTEN, say=f"it ran {started} times {said}, and may run {most} times")
    yield from _cooling(conn, request, action, ids, now)


def _cooling(conn: Connection, request: Request, action: Action, ids: Sequence[str], now: datetime) -> Iterator[Held]:
    if action.cool_down is not None and (warm := _warm(conn, request, action.cool_down, ids, now)):
        named = f"{', '.join(warm[:_NAMED])}{' …' if len(warm) > _NAMED else ''}"
        say = f"it has touched {named} within the last {_spelled(action.cool_down)}, and leaves a target alone so long"
        yield Held(why=Why.COOLING_DOWN, say=say)


def _spelled(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


def _warm(conn: Connection, request: Request, length: timedelta, ids: Sequence[str], now: datetime) -> list[str]:
    touched = touches.since(
        conn,
        system=request.system,
        runbook=request.runbook,
        action=request.action,
        after=now - length,
        but=request.id,
    )
    return [each for each in ids if each in touched]
