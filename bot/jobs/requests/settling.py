"""What the target says of a call without an answer, and how that ends its execution."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import CountersignError
from bot.core.facts import facts
from bot.core.ports import Json
from bot.engine.execution import DeedDone, Done, State, left, open_deed, plan
from bot.jobs.means import Means
from bot.jobs.requests import switching
from bot.jobs.requests.case import Case, for_call, frozen
from bot.jobs.requests.look import run
from bot.jobs.requests.telling import note, tell
from bot.store import attention, endings, executions, incidents


def end(
    means: Means,
    conn: Connection,
    case: Case,
    *,
    now: datetime,
    because: str | None = None,
    is_stopped: bool = False,
) -> None:
    """Say how it ended, from what is recorded. Safe to repeat, and for an execution whose process is gone."""
    request = case.request
    ended = endings.end(
        conn,
        means.enqueue,
        request_id=request.id,
        action=case.action,
        now=now,
        look_up_after=means.look_up_after,
        because=because,
        is_stopped=is_stopped,
    )
    if ended is None:
        return
    is_left_half_done = because is not None and ended.state is State.FAILED  # and nobody decided to leave it so
    if is_left_half_done:
        attention.call_for(conn, request.incident_id)
    switching.carried_out(means, conn, case, ended.state, now=now)
    tell(means, conn, request, kind=f"execution.{ended.state}", now=now, data={"outcome": ended.outcome})
    if is_left_half_done:
        means.show.incident(conn, request.incident_id, now)


def look_up(means: Means, case: Case) -> bool:
    """Ask the target whether the call of an unknown execution took effect; what cannot be asked stays unknown.

    True when no call of it is open any more and it has not ended, so that the rest may go on.
    """
    request, probe = case.request, case.action.probe
    with means.database.read() as conn:
        held = executions.get(conn, request.id)
        deed = open_deed(executions.deeds_of(conn, request.id))
    if held is None or held.state is not State.UNKNOWN:
        return False
    if deed is None:
        return True
    if probe is None:
        return False
    seen = for_call(frozen(case, held.targets), number=deed.number, target=deed.target)
    try:
        answer = run(means, seen, probe.step)
        took_effect = bool(probe.took_effect.value(seen.seeing(probe=facts(answer)).scope))
    except CountersignError as error:
        _say_unanswered(means, case, why=mask(str(error)))
        return False
    return _settle_by(means, case, deed=deed, took_effect=took_effect)


def _settle_by(means: Means, case: Case, *, deed: DeedDone, took_effect: bool) -> bool:
    now, request = means.now(), case.request
    with means.database.begin() as conn:
        held = executions.locked(conn, request.id)
        if held is None or held.state is not State.UNKNOWN:
            return False
        incidents.locked(conn, request.incident_id)  # `end` may change it, and what is noted before locks the audit
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
        has_rest = bool(left(plan(case.action, held.targets.ids), executions.deeds_of(conn, request.id)))
        # A call that our own process left open says nothing against the target; one without an answer does.
        if took_effect and has_rest and deed.state is Done.STARTED:
            return True
        end(means, conn, case, now=now, because=f"call {deed.number} took effect, but gave no answer")
        return False


def _say_unanswered(means: Means, case: Case, *, why: str) -> None:
    now, request = means.now(), case.request
    with means.database.begin() as conn:
        held = executions.locked(conn, request.id)
        if held is None or held.state is not State.UNKNOWN:
            return
        settled = endings.standing(conn, request.id, action=case.action)
        assert settled is not None  # it is held
        executions.remark(conn, request.id, outcome=f"{settled.outcome}; the target could not be asked yet: {why}")
        means.show.request(conn, request.id, now)
