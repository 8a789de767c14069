"""Verifies an execution: its questions are asked again and again until they show the effect, or time is up."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.ports import Json
from bot.engine.execution import Execution, State
from bot.engine.incident import Episode
from bot.engine.request import Request
from bot.engine.unproven import opened_again
from bot.jobs.means import Means
from bot.jobs.requests import switching
from bot.jobs.requests.case import Case, as_requested, open_case
from bot.jobs.requests.proving import holds
from bot.jobs.requests.telling import tell
from bot.store import attention, audit, executions, incidents, orders, requests


def verify(means: Means, request_id: str, number: str) -> None:
    """Look once, for the `number`th time; then the execution is verified, given up, or looked at again later."""
    with means.database.read() as conn:
        request = requests.get(conn, request_id)
        execution = executions.get(conn, request_id)
        if request is None or execution is None or execution.state is not State.SUCCEEDED:
            return
        case = open_case(means, conn, request)
    wanted = case.action.verify
    is_so, seen = holds(means, as_requested(case, execution.targets), wanted=wanted, condition=wanted.until)
    now = means.now()
    with means.database.begin() as conn:
        if is_so:
            _conclude(means, conn, case, to=State.VERIFIED, outcome=seen, now=now)
        elif _is_last(execution, case, now):
            _conclude(means, conn, case, to=State.NOT_VERIFIED, outcome=seen, now=now)
        else:
            means.enqueue(conn, orders.verify(request_id, int(number) + 1, after=case.action.verify.every))


def _is_last(execution: Execution, case: Case, now: datetime) -> bool:
    return execution.verify_until is None or now + case.action.verify.every > execution.verify_until


def _conclude(means: Means, conn: Connection, case: Case, *, to: State, outcome: str, now: datetime) -> None:
    request = case.request
    if not executions.move(conn, request.id, to=to, now=now, outcome=outcome):
        return
    incidents.order_diagnosis(conn, means.enqueue, request.incident_id, content=request.content, now=now)
    if to is State.VERIFIED:
        switching.verified(means, conn, case, now=now)
    else:
        attention.call_for(conn, request.incident_id)
        _open_again(conn, request, now)
    tell(means, conn, request, kind=f"execution.{to}", now=now, data={"outcome": outcome})
    means.show.incident(conn, request.incident_id, now)


def _open_again(conn: Connection, request: Request, now: datetime) -> None:
    """Its alert may have ended all the same."""
    incident = incidents.locked(conn, request.incident_id)
    if incident is None:
        return
    episode = Episode(incident=incident, alerts=incidents.alerts_of(conn, incident.id))
    outcome = opened_again(episode, request_id=request.id, now=now)
    if outcome.is_reopened:
        incidents.save(conn, outcome)
        data: dict[str, Json] = {"why": "not verified", "request": request.id}
        audit.append(conn, kind="incident.reopened", actor=audit.OURSELVES, now=now, incident_id=incident.id, data=data)
