"""The calls of a claimed request: each is written down before it is made, and again when it has answered."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from sqlalchemy import Connection
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential

from bot.core.egress import mask
from bot.core.errors import CountersignError, Unavailable, Unknown
from bot.core.evidence import Answer
from bot.core.ports import Json
from bot.engine.execution import Done, Planned
from bot.engine.request import TargetSet
from bot.jobs.means import Means
from bot.jobs.requests import brakes
from bot.jobs.requests.case import Case, for_call
from bot.jobs.requests.telling import note, tell
from bot.steps import CommandRun, HttpSend, SqlChange, StripePost
from bot.steps.step import Call
from bot.store import audit, executions

log = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds one call may take before its outcome counts as unknown."""

SHOWN_EVERY = timedelta(seconds=2)
"""How often the card follows calls that are made one by one."""

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


class Fenced(Exception):
    """This process may not begin the call: somebody stopped the execution, ended it, or goes on with it instead."""


def carry_out(means: Means, case: Case, calls: Sequence[Planned], targets: TargetSet) -> str | None:
    """Make the calls in order, and stop at the first that is not done. `case` is frozen and claimed for `targets`.

    Returns why a brake held the next one back; None otherwise, for then the rows say how it stands.
    """
    shown_at = means.now()
    for planned in calls:
        try:
            if why_not := _start(means, case, planned):
                return why_not
        except Fenced:
            return None
        result = make(means, case, planned, targets)
        is_shown = means.now() - shown_at >= SHOWN_EVERY
        shown_at = means.now() if is_shown else shown_at
        _record(means, case, planned, result, is_shown=is_shown)
        if result.state is not Done.SUCCEEDED:
            return None
    return None


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


def _start(means: Means, case: Case, planned: Planned) -> str | None:
    """The last look, and the row that lets the call be made. Returns why a brake holds it back; may raise Fenced."""
    now, request = means.now(), case.request
    with means.database.begin() as conn:
        executions.locked(conn, request.id)
        audit.lock(conn)  # a switch that is engaged now waits for this, or is seen below
        if why := brakes.stopped(conn, request):
            note(conn, request, kind="deed.stopped", now=now, data={"number": planned.number, "why": why})
            return f"stopped before call {planned.number}: {why}"
        may = executions.start_deed(
            conn,
            request.id,
            number=planned.number,
            target=planned.target,
            incarnation=means.incarnation,
            now=now,
        )
        if not may:
            raise Fenced
        data: dict[str, Json] = {"number": planned.number, "target": planned.target, "key": planned.key(request.id)}
        note(conn, request, kind="deed.started", now=now, data=data)
    return None


@_patiently
def _record(means: Means, case: Case, planned: Planned, result: Result, *, is_shown: bool) -> None:
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
        is_contradicted = not is_news and _is_contradicted(conn, request.id, planned, result)
        if is_contradicted:
            # While this process was held up, another one took it for dead and asked the target, or a person.
            outcome = f"call {planned.number} was settled by looking it up; later its own answer came: {result.state}"
            executions.remark(conn, request.id, outcome=outcome)
        note(conn, request, kind=f"deed.{result.state}", now=now, data=data)
        if is_shown:
            means.show.request(conn, request.id, now)
        if is_contradicted:
            tell(means, conn, request, kind="execution.contradicted", now=now, data={**data, "state": result.state})


def _is_contradicted(conn: Connection, request_id: str, planned: Planned, result: Result) -> bool:
    known = {deed.number: deed.state for deed in executions.deeds_of(conn, request_id)}
    settled = known.get(planned.number)
    if settled is Done.PASSED:
        settled = Done.FAILED  # which it was, before the others went on without it
    return result.state is not Done.UNKNOWN and settled is not result.state
