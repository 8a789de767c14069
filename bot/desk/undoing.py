"""An undo takes back one executed request, and nothing else may name one."""

from sqlalchemy import Connection

from bot.core.errors import ContentError
from bot.desk.answer import Cause, Declined
from bot.desk.desk import Desk
from bot.engine.execution import Done, Execution, State
from bot.engine.request import Request
from bot.engine.runbook import Action
from bot.store import executions, requests, resumptions


def declined_undo(
    desk: Desk, conn: Connection, action: Action, *, incident_id: str, original_id: str | None
) -> Declined | None:
    """Why this action cannot be asked for with this original, or without one; None when it can."""
    if original_id is None:
        if not action.is_undo_only:
            return None
        return Declined(why=Cause.NOT_OFFERED, say="This takes another action back; ask for it on that action's card.")
    original = requests.get(conn, original_id)
    if original is None or original.incident_id != incident_id or _undo_of(desk, original) != action.id:
        return Declined(why=Cause.NOT_OFFERED, say="This does not take that action back.")
    done = executions.get(conn, original_id)
    if done is None or not _may_have_effect(conn, done):
        say = "That action was not carried out, so there is nothing to take back."
        return Declined(why=Cause.NOT_EXECUTED, say=say)
    latest = resumptions.latest(conn, original_id)
    if latest is not None and latest.is_pending:
        say = "Somebody has asked that it goes on. Deny that first, or wait for how it ends."
        return Declined(why=Cause.ALREADY_ASKED, say=say)
    return None


def _undo_of(desk: Desk, original: Request) -> str | None:
    try:
        runbook = desk.contents(original.content).runbooks.get(original.runbook)
    except ContentError:
        return None
    action = runbook.action(original.action) if runbook else None
    return action.undo if action else None


def _may_have_effect(conn: Connection, done: Execution) -> bool:
    """One that failed half-way leaves something to take back, too."""
    if done.state in {State.FAILED, State.STOPPED}:
        return any(deed.state is Done.SUCCEEDED for deed in executions.deeds_of(conn, done.request_id))
    return done.state is not State.STARTED
