"""Prepares a request: guards, inputs, targets and preview, frozen for the people who will vote."""

from datetime import datetime

from sqlalchemy import Connection

from bot.core.errors import CountersignError
from bot.engine.request import Request, State
from bot.jobs import brakes
from bot.jobs.case import Case, open_case
from bot.jobs.look import Looked, No, look
from bot.jobs.means import Means
from bot.jobs.telling import end, tell
from bot.store import orders, requests


def prepare(means: Means, request_id: str) -> None:
    """Open the request for votes, or refuse it with the reason. Does nothing when that has happened before."""
    with means.database.read() as conn:
        request = requests.get(conn, request_id)
        if request is None or request.state is not State.PREPARING:
            return
        found = _case(means, conn, request)
    looked = found if isinstance(found, No) else look(means, found)
    now = means.now()
    with means.database.begin() as conn:
        match looked, found:
            case Looked(), Case():
                _open(means, conn, found, looked, now)
            case No() as no, _:
                end(means, conn, request, to=State.REFUSED, why=no.note, now=now)


def _case(means: Means, conn: Connection, request: Request) -> Case | No:
    try:
        return open_case(means, conn, request)
    except CountersignError as error:
        return No(note=str(error))


def _open(means: Means, conn: Connection, case: Case, looked: Looked, now: datetime) -> None:
    request, approve = case.request, case.action.approve
    if why := brakes.held_back(conn, request=request, action=case.action, now=now):
        end(means, conn, request, to=State.REFUSED, why=why, now=now)
        return
    digest = requests.freeze(
        conn,
        request.id,
        params=looked.params,
        inputs=looked.inputs,
        targets=looked.targets,
        preview=looked.preview,
        expires_at=now + approve.expires,
    )
    if digest is None:
        return
    means.enqueue(conn, orders.expire(request.id, after=approve.expires))
    tell(
        means,
        conn,
        request,
        kind="request.opened",
        now=now,
        data={"digest": digest, "targets": len(looked.targets.ids), "needs": request.needs},
    )
