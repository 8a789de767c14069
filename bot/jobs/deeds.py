"""The calls of a claimed request: each is written down before it is made, and again when it has answered."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential

from bot.core.egress import mask
from bot.core.errors import CountersignError, Unavailable, Unknown
from bot.core.evidence import Answer
from bot.core.ports import Json
from bot.engine.execution import Done, Planned, plan
from bot.engine.request import Request, TargetSet
from bot.jobs import brakes
from bot.jobs.case import Case, for_call
from bot.jobs.means import Means
from bot.jobs.telling import note, tell
from bot.steps import CommandRun, HttpSend, SqlChange, StripePost
from bot.steps.step import Call
from bot.store import audit, executions

log = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds one call may take before its outcome counts as unknown."""

_patiently = retry(
    retry=retry_if_exception_type(Unavailable),
    wait=wait_exponential(multiplier=0.1, max=5),
    stop=stop_after_delay(60),
    reraise=True,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one call."""

    state: Done
    answer: Answer | None = None
    error: str | None = None


def carry_out(means: Means, case: Case, targets: TargetSet) -> None:
    """Make the calls in order, and stop at the first that is not done. `case` is frozen and claimed for `targets`."""
    for planned in plan(case.action, targets.ids):
        if not _start(means, case, planned):
            return
        result = make(means, case, planned, targets)
        _record(means, case, planned, result)
        if result.state is not Done.SUCCEEDED:
            return


def make(means: Means, case: Case, planned: Planned, targets: TargetSet) -> Result:
    """Make one call, whatever comes of it."""
    seen = for_call(case, number=planned.number, target=planned.target)
    call = Call(resources=case.resources, scope=seen.scope, timeout=TIMEOUT, now=means.now())
    try:
        return Result(state=Done.SUCCEEDED, answer=_send(call, seen, planned, targets))
    except Unknown as error:
        return Result(state=Done.UNKNOWN, error=mask(str(error)))
    except CountersignError as error:
        return Result(state=Done.FAILED, error=mask(str(error)))
    except Exception as error:  # a fault of ours may strike after the call was sent
        log.exception("deed.broke", extra={"request": case.request.id, "number": planned.number})
        return Result(state=Done.UNKNOWN, error=f"the bot itself failed ({type(error).__name__})")


def _send(call: Call, case: Case, planned: Planned, targets: TargetSet) -> Answer:
    key = planned.key(case.request.id)
    match planned.deed.step:
        case HttpSend() as step:
            return step.run(call, key=key)
        case StripePost() as step:
            return step.run(call, key=key)
        case SqlChange() as step:
            ids = targets.ids if planned.target is None else (planned.target,)
            return step.run(call, expected=frozenset(ids), may_shrink=case.action.targets.may_shrink)
        case CommandRun() as step:
            return step.run(call)
        case other:
            assert_never(other)


def _start(means: Means, case: Case, planned: Planned) -> bool:
    """The last look, and the row that lets the call be made; False when it must not be."""
    now, request = means.now(), case.request
    with means.database.begin() as conn:
        executions.locked(conn, request.id)
        audit.lock(conn)  # a switch that is engaged now waits for this, or is seen below
        if why := brakes.stopped(conn, request):
            _say_stopped(conn, request, planned, why=why, now=now)
            return False
        may = executions.start_deed(
            conn,
            request.id,
            number=planned.number,
            target=planned.target,
            incarnation=means.incarnation,
            now=now,
        )
        if may:
            data: dict[str, Json] = {"number": planned.number, "target": planned.target, "key": planned.key(request.id)}
            note(conn, request, kind="deed.started", now=now, data=data)
    return may


def _say_stopped(conn: Connection, request: Request, planned: Planned, *, why: str, now: datetime) -> None:
    executions.remark(conn, request.id, outcome=f"stopped before call {planned.number}: {why}")
    note(conn, request, kind="deed.stopped", now=now, data={"number": planned.number, "why": why})


@_patiently
def _record(means: Means, case: Case, planned: Planned, result: Result) -> None:
    """The answer is known only here: a database that is away is waited for."""
    now, request = means.now(), case.request
    with means.database.begin() as conn:
        is_news = executions.finish_deed(
            conn,
            request.id,
            number=planned.number,
            state=result.state,
            now=now,
            evidence=result.answer,
            error=result.error,
        )
        data: dict[str, Json] = {
            "number": planned.number,
            "target": planned.target,
            "error": result.error,
            "provider_request_id": result.answer.request_id if result.answer else None,
        }
        note(conn, request, kind=f"deed.{result.state}", now=now, data=data)
        if not is_news:
            # While this process was held up, another one took it for dead and asked the target.
            outcome = f"call {planned.number} was settled by looking it up; later its own answer came: {result.state}"
            executions.remark(conn, request.id, outcome=outcome)
            tell(means, conn, request, kind="execution.contradicted", now=now, data={**data, "state": result.state})
