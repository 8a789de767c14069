"""Takes a claimed execution from its cursor to its end: calls, the checks between batches, whoever is at it.

The cursor is the rows of its calls. Whoever goes on first takes the execution over by compare-and-set, and from then
on no other process can begin a call of it; a call that was begun is never begun again.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.ports import Json
from bot.desk.bounds import outside_hours
from bot.engine.execution import (
    DeedDone,
    Done,
    Due,
    Execution,
    Planned,
    State,
    due,
    is_abandoned,
    next_calls,
    open_deed,
)
from bot.engine.runbook import Batches
from bot.jobs.means import Means
from bot.jobs.requests.case import Case, as_requested, frozen
from bot.jobs.requests.deeds import carry_out
from bot.jobs.requests.proving import holds
from bot.jobs.requests.settling import end
from bot.jobs.requests.telling import note, tell
from bot.store import executions, orders

_TOO_LONG_GONE = "nobody was at it for too long"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Checking:
    """A check that is due, of what is done so far."""

    execution: Execution
    so_far: tuple[str, ...]


def carry_on(means: Means, case: Case, *, is_fresh: bool = False) -> None:
    """Go on until it ends, or waits for a later look. `is_fresh` right after this process has claimed it."""
    was_interrupted, was_checked = not is_fresh, False
    while True:
        match _turn(means, case, was_interrupted=was_interrupted, was_checked=was_checked):
            case None:
                return
            case _Checking() as checking:
                if not _check(means, case, checking):
                    return
                was_checked = True
            case (held, calls):
                why_not = carry_out(means, frozen(case, held.targets), calls, held.targets)
                if why_not is not None:
                    _stop(means, case, because=why_not)
                    return
                was_checked = False
        was_interrupted = False


def _turn(
    means: Means, case: Case, *, was_interrupted: bool, was_checked: bool
) -> tuple[Execution, tuple[Planned, ...]] | _Checking | None:
    """The calls to make now, or the check to look at; None when it is others' turn, has ended, or waits."""
    now, request = means.now(), case.request
    with means.database.begin() as conn:
        held = executions.locked(conn, request.id)
        if held is None or held.state not in {State.STARTED, State.UNKNOWN}:
            return None
        if held.incarnation != means.incarnation and not was_interrupted:
            return None  # while this process was held up, another one took it over
        deeds = executions.deeds_of(conn, request.id)
        if held.state is State.UNKNOWN and open_deed(deeds) is not None:
            return None
        if was_interrupted and is_abandoned(held, deeds, now):
            end(means, conn, case, now=now, because=_TOO_LONG_GONE)
            return None
        match due(held, case.action, deeds, was_interrupted=was_interrupted, was_checked=was_checked):
            case Due.END:
                end(means, conn, case, now=now)
                return None
            case Due.CHECK if held.check_until is not None:
                return _Checking(execution=held, so_far=_done(deeds))
            case Due.CHECK:
                _begin_check(means, conn, case, held, deeds=deeds, now=now)
                return None
            case Due.CALL if deeds and (closed := outside_hours(case.system, case.action, now)):
                end(means, conn, case, now=now, because=closed, is_stopped=True)
                return None
            case Due.CALL:
                return _taken(means, conn, case, held, deeds=deeds, now=now)


def _taken(
    means: Means, conn: Connection, case: Case, held: Execution, *, deeds: tuple[DeedDone, ...], now: datetime
) -> tuple[Execution, tuple[Planned, ...]] | None:
    """Take it over if it was another's, and say which calls are next."""
    if not _own(means, conn, case, held, deeds=deeds, now=now):
        return None
    return held, next_calls(held, case.action, deeds)


def _own(
    means: Means, conn: Connection, case: Case, held: Execution, *, deeds: tuple[DeedDone, ...], now: datetime
) -> bool:
    if held.incarnation == means.incarnation and held.state is State.STARTED and held.check_until is None:
        return True
    if not executions.take(
        conn, case.request.id, of=held.incarnation, replica=means.replica, incarnation=means.incarnation
    ):
        return False
    if held.incarnation != means.incarnation or held.state is not State.STARTED:
        data: dict[str, Json] = {"after": len(deeds), "replica": means.replica, "incarnation": means.incarnation}
        tell(means, conn, case.request, kind="execution.resumed", now=now, data=data)
    return True


def _stop(means: Means, case: Case, *, because: str) -> None:
    now = means.now()
    with means.database.begin() as conn:
        held = executions.locked(conn, case.request.id)
        if held is not None and held.incarnation == means.incarnation:
            end(means, conn, case, now=now, because=because, is_stopped=True)


def _begin_check(
    means: Means, conn: Connection, case: Case, held: Execution, *, deeds: tuple[DeedDone, ...], now: datetime
) -> None:
    batches = _batches(case)
    if not _own(means, conn, case, held, deeds=deeds, now=now):
        return
    executions.begin_check(conn, case.request.id, until=now + batches.within)
    means.enqueue(conn, orders.go_on(case.request.id, now, after=batches.every))
    tell(means, conn, case.request, kind="execution.checking", now=now, data={"after": len(deeds)})


def _check(means: Means, case: Case, checking: _Checking) -> bool:
    """Look once. True when it holds and this process is the one to go on."""
    batches, request, asked = _batches(case), case.request, checking.execution
    seen_by = as_requested(case, asked.targets)
    seen_by = seen_by.seeing(so_far={"ids": list(checking.so_far), "count": len(checking.so_far)})
    is_so, seen = holds(means, seen_by, wanted=batches, condition=batches.check)
    now = means.now()
    with means.database.begin() as conn:
        held = executions.locked(conn, request.id)
        if held is None or held.state is not State.STARTED or held.check_until != asked.check_until:
            return False  # somebody else looked, too, and was first
        assert held.check_until is not None
        if held.stopped_by is not None:
            end(means, conn, case, now=now)
            return False
        deeds = executions.deeds_of(conn, request.id)
        if is_so:
            note(conn, request, kind="execution.checked", now=now, data={"after": len(deeds), "saw": seen})
            return _own(means, conn, case, held, deeds=deeds, now=now)
        if now + batches.every > held.check_until:
            end(means, conn, case, now=now, because=f"the check after {len(deeds)} did not hold in time ({seen})")
            return False
        means.enqueue(conn, orders.go_on(request.id, now, after=batches.every))
        return False


def _batches(case: Case) -> Batches:
    assert case.action.batches is not None  # a check is due only where there are batches
    return case.action.batches


def _done(deeds: tuple[DeedDone, ...]) -> tuple[str, ...]:
    """The targets that were dealt with, once each."""
    return tuple(dict.fromkeys(deed.target for deed in deeds if deed.target and deed.state is Done.SUCCEEDED))
