"""A business switch is engaged and released by executions: its row follows them, in the transaction that moves them."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.ports import Json
from bot.engine import switch as switching
from bot.engine.execution import Done, State
from bot.engine.request import Request
from bot.engine.switch import Declared, Kind, Switch
from bot.jobs.means import Means
from bot.jobs.requests.case import Case
from bot.jobs.requests.telling import note
from bot.store import audit, executions, orders, switches

_NO_REASON = "no reason was given"


def carried_out(means: Means, conn: Connection, case: Case, state: State, *, now: datetime) -> None:
    """Note the switch that this execution engaged: as soon as it had an effect, whether or not that is verified yet."""
    request = case.request
    audit.lock(conn)  # before the row of a switch, as everywhere
    found = switching.engaged_by(case.system, runbook=request.runbook, action=request.action)
    if found is None or not (state is State.SUCCEEDED or _did_something(conn, request)):
        return
    if switches.was_engaged(conn, scope=request.id):
        return
    engaged = _engagement(means, request, found, now=now)
    if switches.engage(conn, engaged):
        data: dict[str, Json] = {"until": engaged.until.isoformat()}
        _note(means, conn, request, engaged, verb="engaged", now=now, more=data)


def verified(means: Means, conn: Connection, case: Case, *, now: datetime) -> None:
    """The check held: what it engaged is certainly engaged, what it released is released."""
    carried_out(means, conn, case, State.SUCCEEDED, now=now)  # a person may have settled how it ended
    switches.verified(conn, scope=case.request.id)
    for held in _released(conn, case):
        reason = _reason(case.request)
        if switches.release(conn, held.id, person=case.request.requester, reason=reason, now=now):
            _note(means, conn, case.request, held, verb="released", now=now)


def _did_something(conn: Connection, request: Request) -> bool:
    """Whether some of its calls were done before it ended."""
    return any(deed.state is Done.SUCCEEDED for deed in executions.deeds_of(conn, request.id))


def _engagement(means: Means, request: Request, found: Declared, *, now: datetime) -> Switch:
    return Switch(
        id=means.new_id(),
        name=found.name,
        kind=Kind.BUSINESS,
        scope=request.id,
        system=request.system,
        person=request.requester,
        reason=_reason(request),
        since=now,
        until=now + found.says.ttl,
        is_verified=False,
        reminders=0,
        released_at=None,
        released_by=None,
        release_reason=None,
    )


def _released(conn: Connection, case: Case) -> Iterator[Switch]:
    """What the action of this request has released: what its original engaged, or all that was engaged before it."""
    request, done = case.request, executions.get(conn, case.request.id)
    for found in switching.released_by(case.system, runbook=request.runbook, action=request.action):
        for held in switches.named(conn, found.name):
            if switching.releases_just_one(case.action):
                is_its = held.scope == request.original_id
            else:
                is_its = done is not None and held.since <= done.started_at
            if is_its:
                yield held


def _reason(request: Request) -> str:
    return mask(request.reason) if request.reason else _NO_REASON


def _note(
    means: Means,
    conn: Connection,
    request: Request,
    switch: Switch,
    *,
    verb: str,
    now: datetime,
    more: dict[str, Json] | None = None,
) -> None:
    data: dict[str, Json] = {"switch": switch.name, "id": switch.id, "by": request.requester, **(more or {})}
    note(conn, request, kind=f"switch.{verb}", now=now, data=data)
    means.enqueue(conn, orders.announce(switch.id, verb))
