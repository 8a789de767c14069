"""Prepares a request: guards, inputs, targets and preview, frozen for the people who will vote."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.core.errors import CountersignError
from bot.desk.bounds import outside_hours, spent
from bot.engine.request import Request, Standing, State, needs
from bot.jobs.means import Means
from bot.jobs.requests.case import Case, open_case
from bot.jobs.requests.look import Looked, No, look
from bot.jobs.requests.standing import standing
from bot.jobs.requests.telling import end, tell
from bot.store import orders, requests


def prepare(means: Means, request_id: str) -> None:
    """Open the request for votes, or refuse it with the reason. Does nothing when that has happened before."""
    with means.database.read() as conn:
        request = requests.get(conn, request_id)
        if request is None or request.state is not State.PREPARING:
            return
        found = _case(means, conn, request)
    looked = found if isinstance(found, No) else look(means, found)
    alert = standing(means, request)
    now = means.now()
    with means.database.begin() as conn:
        match looked, found:
            case Looked(), Case():
                _open(means, conn, found, looked, alert=alert, now=now)
            case No() as no, _:
                end(means, conn, request, to=State.REFUSED, why=no.note, now=now)


def _case(means: Means, conn: Connection, request: Request) -> Case | No:
    try:
        return open_case(means, conn, request)
    except CountersignError as error:
        return No(note=str(error))


def _open(means: Means, conn: Connection, case: Case, looked: Looked, *, alert: Standing, now: datetime) -> None:
    request, approve = case.request, case.action.approve
    if held := spent(conn, request=request, action=case.action, ids=looked.targets.ids, now=now):
        end(means, conn, request, to=State.REFUSED, why=held.say, now=now)
        return
    # The hour may pass before the votes are in, so it only warns here.
    shut = outside_hours(case.system, case.action, now)
    wanted = needs(case.action.risk, is_large=bool(looked.preview.unusual))
    digest = requests.freeze(
        conn,
        request.id,
        params=looked.params,
        inputs=looked.inputs,
        targets=looked.targets,
        preview=replace(looked.preview, alert=alert, warnings=(shut,) if shut else ()),
        needs=wanted,
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
        data={"digest": digest, "targets": len(looked.targets.ids), "needs": wanted, "alert": alert},
    )
