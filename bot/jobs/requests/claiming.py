"""The last look before an effect, and the claim that lets it happen: one transaction, one winner."""

from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.desk.bounds import held_back
from bot.desk.looking import alert_of
from bot.desk.telling import supersede
from bot.engine.approval import Vote, Why, calmer, is_carried, is_confirmed, is_forgotten
from bot.engine.execution import deed_key
from bot.engine.request import Request, Standing, State, TargetSet, changes, is_as_approved, needs
from bot.jobs.means import Means
from bot.jobs.requests import brakes
from bot.jobs.requests.case import Case
from bot.jobs.requests.look import Looked, No, look
from bot.jobs.requests.standing import standing
from bot.jobs.requests.telling import end, tell
from bot.store import audit, executions, requests

_HELD = "held: "
_FORGOTTEN = (
    "its first approval is so old that Stripe may have forgotten the key that keeps it to one effect; ask again"
)
CALMED = {Why.ALERT_RESOLVED: "its alert has resolved", Why.ALERT_SILENCED: "its alert was silenced"}
WITHOUT_CODE = "it asks for one-time codes, and was approved without; ask again"
NOT_AS_APPROVED = "what is stored is not what was approved; see the audit"


def claim(means: Means, case: Case) -> TargetSet | None:
    """Look again, and claim the request for this process.

    Returns the targets it is claimed for; None when it must not start, which is then said.
    """
    if _is_held(means, case.request.id):
        return None
    looked, alert = look(means, case), standing(means, case.request)
    now = means.now()
    with means.database.begin() as conn:
        request = requests.locked(conn, case.request.id)
        if request is None or request.state is not State.APPROVED or executions.get(conn, request.id) is not None:
            return None
        if request.is_stale(now):
            reason = looked.note if isinstance(looked, No) else "it was approved too long ago"
            end(means, conn, request, to=State.EXPIRED, why=f"not started in time: {reason}", now=now)
            return None
        match looked:
            case No(may_pass=True):  # the sweep orders it again until it is stale
                requests.remark(conn, request.id, note=f"waiting to start: {looked.note}")
                means.show.request(conn, request.id, now)
                return None
            case No():
                end(means, conn, request, to=State.REFUSED, why=looked.note, now=now)
                return None
            case Looked():
                return _claim(means, conn, request=request, case=case, looked=looked, alert=alert, now=now)


def _is_held(means: Means, request_id: str) -> bool:
    """Whether a switch stops it, which is then said; it waits, and may still start once that is released."""
    now = means.now()
    with means.database.begin() as conn:
        request = requests.locked(conn, request_id)
        if request is None or request.state is not State.APPROVED or executions.get(conn, request.id) is not None:
            return False
        audit.lock(conn)
        why = brakes.stopped(conn, request)
        if why is None:
            return False
        if request.is_stale(now):
            end(means, conn, request, to=State.EXPIRED, why=f"not started in time: {why}", now=now)
        else:
            _hold(means, conn, request, why=why, now=now)
    return True


def _hold(means: Means, conn: Connection, request: Request, *, why: str, now: datetime) -> None:
    note = f"{_HELD}{why}"
    if request.note != note:
        requests.remark(conn, request.id, note=note)
        tell(means, conn, request, kind="request.held", now=now, data={"note": note})


def _claim(
    means: Means, conn: Connection, *, request: Request, case: Case, looked: Looked, alert: Standing, now: datetime
) -> TargetSet | None:
    votes = requests.votes_of(conn, request.id)
    if why := _why_not_carried(means, request, votes, case=case, looked=looked):
        end(means, conn, request, to=State.REFUSED, why=why, now=now)
        return None
    if is_forgotten(case.action, votes, now):
        end(means, conn, request, to=State.EXPIRED, why=_FORGOTTEN, now=now)
        return None
    if what := _has_changed(conn, request, votes, case=case, looked=looked, alert=alert):
        supersede(means, conn, request, what=what, now=now)
        return None
    audit.lock(conn)  # from here on nobody else claims or engages a switch, so the brakes are right
    if why := brakes.stopped(conn, request):
        _hold(means, conn, request, why=why, now=now)
        return None
    ids = looked.targets.ids
    if held := held_back(conn, request=request, system=case.system, action=case.action, ids=ids, now=now):
        end(means, conn, request, to=State.REFUSED, why=held.say, now=now)
        return None
    key = deed_key(request.id, number=1, target=None)
    if not executions.claim(
        conn,
        request.id,
        key=key,
        targets=looked.targets,
        replica=means.replica,
        incarnation=means.incarnation,
        now=now,
    ):
        return None
    if request.note and request.note.startswith(_HELD):
        requests.remark(conn, request.id, note=None)
    tell(
        means,
        conn,
        request,
        kind="execution.started",
        now=now,
        data={
            "digest": request.digest,
            "key": key,
            "targets": sorted(looked.targets.ids),
            "replica": means.replica,
            "incarnation": means.incarnation,
        },
    )
    return looked.targets


def _why_not_carried(
    means: Means, request: Request, votes: tuple[Vote, ...], *, case: Case, looked: Looked
) -> str | None:
    """Read from the votes themselves: a state that somebody set by hand approves nothing."""
    wanted = needs(case.action.risk, is_large=bool(looked.preview.unusual))
    carried = partial(
        is_carried,
        request,
        votes,
        action=case.action,
        needs=max(request.needs, wanted),
        break_glass=means.break_glass,
    )
    if not (is_as_approved(request) and carried(wants_code=False)):
        return NOT_AS_APPROVED
    return None if carried(wants_code=means.wants_code(case.action)) else WITHOUT_CODE


def _has_changed(
    conn: Connection, request: Request, votes: tuple[Vote, ...], *, case: Case, looked: Looked, alert: Standing
) -> str | None:
    """What is not as those who voted knew it, in words; None when they agreed to just this."""
    assert request.targets is not None
    what = changes(request.targets, looked.targets, may_shrink=case.action.targets.may_shrink)
    if what is not None:
        return mask(what)
    calmed = calmer(request, alert_of(conn, request, alert))
    return CALMED[calmed] if calmed and not is_confirmed(votes) else None
