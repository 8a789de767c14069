"""How an execution's rows say that it ended, and what follows from that."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.engine.execution import Settled, State, open_deed, plan, settle
from bot.engine.runbook import Action
from bot.store import executions, orders
from bot.store.work import Enqueue

_ASK_A_PERSON = "nothing can be asked; a person must look, and it is not tried again"


def standing(
    conn: Connection, request_id: str, *, action: Action, because: str | None = None, is_stopped: bool = False
) -> Settled | None:
    """How it stands by its calls; `because` says why no more were made. None when it is not claimed."""
    held = executions.locked(conn, request_id)
    if held is None:
        return None
    return settle(
        plan(action, held.targets.ids),
        executions.deeds_of(conn, request_id),
        is_stopped=is_stopped or held.stopped_by is not None,
        because=because,
    )


def end(
    conn: Connection,
    enqueue: Enqueue,
    *,
    request_id: str,
    action: Action,
    now: datetime,
    look_up_after: timedelta,
    because: str | None = None,
    is_stopped: bool = False,
) -> Settled | None:
    """Ends an execution the way its calls say, and orders its verification or its look-up.

    `because` says why the rest was not tried, and `is_stopped` that somebody wanted it so. None when it has been ended
    that way before.
    """
    settled = standing(conn, request_id, action=action, because=because, is_stopped=is_stopped)
    if settled is None:
        return None
    outcome = settled.outcome
    if settled.state is State.UNKNOWN:
        outcome = f"{outcome}; {'the target will be asked' if action.probe else _ASK_A_PERSON}"
    until = now + action.verify.within if settled.state is State.SUCCEEDED else None
    if not executions.move(conn, request_id, to=settled.state, now=now, outcome=outcome, verify_until=until):
        return None
    if settled.state is State.SUCCEEDED:
        enqueue(conn, orders.verify(request_id, 1, after=action.verify.every))
    deed = open_deed(executions.deeds_of(conn, request_id))
    if deed is not None and action.probe:
        enqueue(conn, orders.look_up(request_id, deed.number, after=look_up_after))
    return Settled(state=settled.state, outcome=outcome)
