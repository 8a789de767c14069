"""Verifies an execution: its questions are asked again and again until they show the effect, or time is up."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import ExpressionError
from bot.core.expression import Expression
from bot.core.facts import facts
from bot.engine.execution import Execution, State
from bot.engine.naming import read_by
from bot.jobs import switching
from bot.jobs.case import Case, answers_then, as_requested, open_case
from bot.jobs.means import Means
from bot.jobs.telling import tell
from bot.steps.step import Scope
from bot.store import attention, executions, orders, requests


def verify(means: Means, request_id: str, number: str) -> None:
    """Look once, for the `number`th time; then the execution is verified, given up, or looked at again later."""
    with means.database.read() as conn:
        request = requests.get(conn, request_id)
        execution = executions.get(conn, request_id)
        if request is None or execution is None or execution.state is not State.SUCCEEDED:
            return
        case = open_case(means, conn, request)
    holds, seen = _look(means, as_requested(case, execution.targets))
    now = means.now()
    with means.database.begin() as conn:
        if holds:
            _conclude(means, conn, case, to=State.VERIFIED, outcome=seen, now=now)
        elif _is_last(execution, case, now):
            _conclude(means, conn, case, to=State.NOT_VERIFIED, outcome=seen, now=now)
        else:
            means.enqueue(conn, orders.verify(request_id, int(number) + 1, after=case.action.verify.every))


def _look(means: Means, case: Case) -> tuple[bool, str]:
    """Whether it holds now, and what was seen."""
    wanted = case.action.verify
    case = case.seeing(before=answers_then(case.request))
    questions = (*read_by(wanted, case.runbook), *wanted.ask)
    answers = means.asker(questions, resources=case.resources, scope=case.scope)
    scope = case.seeing(**{name: facts(evidence) for name, evidence in answers.items()}).scope
    try:
        holds = wanted.until.holds(scope)
    except ExpressionError as error:
        return False, mask(f"it could not be judged: {error}")
    return holds, mask("; ".join(_values(wanted.until, scope)))


def _values(until: Expression, scope: Scope) -> Iterator[str]:
    """What the condition compared: `blast.n is 0`."""
    for path in sorted(until.paths):
        value = Expression(path).value(scope)
        if isinstance(value, str | int | float | None):
            yield f"{path} is {value}"


def _is_last(execution: Execution, case: Case, now: datetime) -> bool:
    return execution.verify_until is None or now + case.action.verify.every > execution.verify_until


def _conclude(means: Means, conn: Connection, case: Case, *, to: State, outcome: str, now: datetime) -> None:
    request = case.request
    if not executions.move(conn, request.id, to=to, now=now, outcome=outcome):
        return
    if to is State.VERIFIED:
        switching.verified(means, conn, case, now=now)
    else:
        attention.call_for(conn, request.incident_id)
    tell(means, conn, request, kind=f"execution.{to}", now=now, data={"outcome": outcome})
    means.show.incident(conn, request.incident_id, now)
