"""The last look before an ended execution goes on, and the row that lets it: one transaction, one winner."""

from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.core.ports import Json
from bot.desk.bounds import held_back_again
from bot.desk.looking import alert_of
from bot.desk.matter import Matter, end, matter_of, supersede
from bot.desk.resuming import overtaken
from bot.engine import request as requesting
from bot.engine.approval import calmer, is_carried, is_confirmed
from bot.engine.request import Standing, changes_of_rest, is_as_approved, needs
from bot.engine.resumption import Rest, Resumption, State, digest_of, rest_of
from bot.jobs.means import Means
from bot.jobs.requests import brakes
from bot.jobs.requests.case import Case
from bot.jobs.requests.claiming import CALMED, NOT_AS_APPROVED, WITHOUT_CODE
from bot.jobs.requests.look import Looked, No, look
from bot.jobs.requests.standing import standing
from bot.jobs.requests.telling import tell
from bot.store import audit, executions, requests, resumptions

_REFUSED, _EXPIRED = requesting.State.REFUSED, requesting.State.EXPIRED


def go_on_again(means: Means, case: Case, number: int) -> bool:
    """Look again, and take the execution up for this process. False when it must not, which is then said."""
    looked, alert = look(means, case), standing(means, case.request)
    now = means.now()
    with means.database.begin() as conn:
        request = requests.locked(conn, case.request.id)
        if request is None:
            return False
        matter = matter_of(conn, request)
        resumption = matter.resumption
        if resumption is None or resumption.number != number or resumption.state is not State.APPROVED:
            return False
        if matter.request.is_stale(now):
            end(means, conn, matter, to=_EXPIRED, why="it did not begin in time", now=now)
            return False
        match looked:
            case No(may_pass=True):  # the sweep orders it again until it is stale
                _remark(means, conn, matter, note=f"waiting to go on: {looked.note}", now=now)
                return False
            case No():
                end(means, conn, matter, to=_REFUSED, why=looked.note, now=now)
                return False
            case Looked():
                return _take_up(means, conn, case, matter, resumption, looked=looked, alert=alert, now=now)


def lapse(means: Means, request_id: str, number: str) -> None:
    """End a resumption that nobody decided on in time."""
    now = means.now()
    with means.database.begin() as conn:
        request = requests.locked(conn, request_id)
        matter = matter_of(conn, request) if request else None
        if matter is None or matter.resumption is None or matter.resumption.number != int(number):
            return
        if matter.resumption.state is State.OPEN and matter.request.has_expired(now):
            end(means, conn, matter, to=_EXPIRED, why="nobody decided in time", now=now)


def _take_up(
    means: Means,
    conn: Connection,
    case: Case,
    matter: Matter,
    resumption: Resumption,
    *,
    looked: Looked,
    alert: Standing,
    now: datetime,
) -> bool:
    """`matter` holds the request as those saw it who voted on this resumption."""
    request = matter.request
    rest = _rest(conn, case, now=now)
    if isinstance(rest, str):
        end(means, conn, matter, to=_REFUSED, why=rest, now=now)
        return False
    if why := _why_not_carried(means, conn, case, matter, resumption, rest=rest, looked=looked):
        end(means, conn, matter, to=_REFUSED, why=why, now=now)
        return False
    claimed = executions.get(conn, request.id)
    assert claimed is not None  # there is a rest of it
    if what := changes_of_rest(rest.targets, looked.targets, claimed=claimed.targets):
        supersede(means, conn, matter, what=what, now=now)
        return False
    calmed = calmer(request, alert_of(conn, request, alert))
    if calmed and not is_confirmed(matter.votes):
        end(means, conn, matter, to=_REFUSED, why=f"{CALMED[calmed]} since it was asked for", now=now)
        return False
    audit.lock(conn)  # from here on nobody engages a switch, so the brakes are right
    if why := brakes.stopped(conn, request):
        _remark(means, conn, matter, note=f"held: {why}", now=now)
        return False
    ids = rest.targets.ids
    if held := held_back_again(conn, request=request, system=case.system, action=case.action, ids=ids, now=now):
        end(means, conn, matter, to=_REFUSED, why=held.say, now=now)
        return False
    return _start(means, conn, matter, resumption, rest=rest, now=now)


def _rest(conn: Connection, case: Case, *, now: datetime) -> Rest | str:
    request = case.request
    execution = executions.locked(conn, request.id)
    if execution is None:
        return "it has not been carried out"
    if why := overtaken(conn, request):
        return why
    deeds, votes = executions.deeds_of(conn, request.id), requests.votes_of(conn, request.id)
    return rest_of(execution, case.action, deeds, votes=votes, now=now)


def _why_not_carried(
    means: Means, conn: Connection, case: Case, matter: Matter, resumption: Resumption, *, rest: Rest, looked: Looked
) -> str | None:
    """Read from the rows themselves: the request, how it ended, what is left, and the votes on just that."""
    original, execution = requests.get(conn, case.request.id), executions.get(conn, case.request.id)
    if original is None or execution is None or not is_as_approved(original):
        return NOT_AS_APPROVED
    deeds = executions.deeds_of(conn, original.id)
    if resumption.digest != digest_of(original, execution, deeds, number=resumption.number, rest=rest):
        return NOT_AS_APPROVED
    wanted = needs(case.action.risk, is_large=bool(looked.preview.unusual))
    carried = partial(
        is_carried,
        matter.request,
        [vote for vote in matter.votes if vote.person != resumption.person],
        action=case.action,
        needs=max(resumption.needs, original.needs, wanted),
        break_glass=False,
    )
    if not carried(wants_code=False):
        return NOT_AS_APPROVED
    return None if carried(wants_code=means.wants_code(case.action)) else WITHOUT_CODE


def _start(
    means: Means, conn: Connection, matter: Matter, resumption: Resumption, *, rest: Rest, now: datetime
) -> bool:
    passing = [deed.number for deed in rest.failed]
    if not resumptions.move(conn, resumption, to=State.STARTED, now=now):
        return False
    after = rest.calls[0].number - 1
    is_taken_up = executions.resume(
        conn,
        resumption.request_id,
        after=after,
        passing=passing,
        replica=means.replica,
        incarnation=means.incarnation,
        now=now,
    )
    assert is_taken_up  # it has ended, and its row is locked
    if resumption.note is not None:
        resumptions.remark(conn, resumption, note=None)
    data: dict[str, Json] = {
        "number": resumption.number,
        "digest": resumption.digest,
        "after": after,
        "left": sorted(rest.targets.ids),
        "passed_over": list(passing),
        "replica": means.replica,
        "incarnation": means.incarnation,
    }
    tell(means, conn, matter.request, kind="resumption.started", now=now, data=data)
    return True


def _remark(means: Means, conn: Connection, matter: Matter, *, note: str, now: datetime) -> None:
    assert matter.resumption is not None
    if matter.resumption.note == note:
        return
    resumptions.remark(conn, matter.resumption, note=note)
    data: dict[str, Json] = {"number": matter.resumption.number, "note": note}
    tell(means, conn, matter.request, kind="resumption.held", now=now, data=data)
