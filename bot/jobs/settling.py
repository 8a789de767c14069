"""How an execution ended, read from its calls; and what the target says where that is not known."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import CountersignError
from bot.core.facts import facts
from bot.core.ports import Json
from bot.engine.execution import DeedDone, Done, Execution, Settled, State, plan
from bot.engine.execution import settle as settled_by
from bot.jobs import switching
from bot.jobs.case import Case, for_call, frozen
from bot.jobs.look import run
from bot.jobs.means import Means
from bot.jobs.telling import note, tell
from bot.store import executions, orders

_OPEN = frozenset({Done.STARTED, Done.UNKNOWN})
_ASK_A_PERSON = "nothing can be asked; a person must look, and it is not tried again"


def settle(means: Means, case: Case) -> None:
    """Say how it ended, from what is recorded. Safe to repeat, and for an execution whose process is gone."""
    now = means.now()
    with means.database.begin() as conn:
        _settle(means, conn, case, now)


def look_up(means: Means, case: Case) -> None:
    """Ask the target whether the call of an unknown execution took effect; what cannot be asked stays unknown."""
    request, probe = case.request, case.action.probe
    with means.database.read() as conn:
        held = executions.get(conn, request.id)
        deed = _open_deed(executions.deeds_of(conn, request.id))
    if held is None or deed is None or probe is None:
        return
    seen = for_call(frozen(case, held.targets), number=deed.number, target=deed.target)
    try:
        answer = run(means, seen, probe.step)
        took_effect = probe.took_effect.value(seen.seeing(probe=facts(answer)).scope)
    except CountersignError as error:
        _say_unanswered(means, case, why=mask(str(error)))
        return
    _settle_by(means, case, deed=deed, took_effect=bool(took_effect))


def _settle_by(means: Means, case: Case, *, deed: DeedDone, took_effect: bool) -> None:
    now, request = means.now(), case.request
    with means.database.begin() as conn:
        held = executions.locked(conn, request.id)
        if held is None or held.state is not State.UNKNOWN:
            return
        executions.finish_deed(
            conn,
            request.id,
            number=deed.number,
            state=Done.SUCCEEDED if took_effect else Done.FAILED,
            now=now,
            error=None if took_effect else f"the target says that call {deed.number} did not take effect",
        )
        data: dict[str, Json] = {"number": deed.number, "target": deed.target, "took_effect": took_effect}
        note(conn, request, kind="execution.looked_up", now=now, data=data)
        _settle(means, conn, case, now)


def _say_unanswered(means: Means, case: Case, *, why: str) -> None:
    now, request = means.now(), case.request
    with means.database.begin() as conn:
        held = executions.locked(conn, request.id)
        if held is None or held.state is not State.UNKNOWN:
            return
        settled = _settled(conn, case, held)
        executions.remark(conn, request.id, outcome=f"{settled.outcome}; the target could not be asked yet: {why}")
        means.show.request(conn, request.id, now)


def _settle(means: Means, conn: Connection, case: Case, now: datetime) -> None:
    request, verify = case.request, case.action.verify
    held = executions.locked(conn, request.id)
    if held is None:
        return
    settled = _settled(conn, case, held)
    outcome = settled.outcome
    if held.state is State.STARTED and held.outcome:  # why the next call was not made
        outcome = f"{held.outcome}; {outcome}"
    if settled.state is State.UNKNOWN:
        outcome = f"{outcome}; {'the target will be asked' if case.action.probe else _ASK_A_PERSON}"
    until = now + verify.within if settled.state is State.SUCCEEDED else None
    if not executions.move(conn, request.id, to=settled.state, now=now, outcome=outcome, verify_until=until):
        return
    switching.carried_out(means, conn, case, settled.state, now=now)
    if settled.state is State.SUCCEEDED:
        means.enqueue(conn, orders.verify(request.id, 1, after=verify.every))
    if settled.state is State.UNKNOWN and case.action.probe:
        means.enqueue(conn, orders.look_up(request.id, after=means.look_up_after))
    tell(means, conn, request, kind=f"execution.{settled.state}", now=now, data={"outcome": outcome})


def _settled(conn: Connection, case: Case, held: Execution) -> Settled:
    total = len(plan(case.action, held.targets.ids))
    return settled_by(total, executions.deeds_of(conn, case.request.id))


def _open_deed(deeds: tuple[DeedDone, ...]) -> DeedDone | None:
    return next((deed for deed in deeds if deed.state in _OPEN), None)
