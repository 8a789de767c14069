"""The last look before an effect, and the claim that lets it happen: one transaction, one winner."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.engine.approval import Choice
from bot.engine.execution import deed_key
from bot.engine.request import Request, State, TargetSet, changes, is_as_approved, needs
from bot.engine.runbook import Action
from bot.jobs import brakes
from bot.jobs.case import Case
from bot.jobs.look import Looked, No, look
from bot.jobs.means import Means
from bot.jobs.telling import end, tell
from bot.store import audit, executions, orders, requests

_HELD = "held: "
_NOT_AS_APPROVED = "what is stored is not what was approved; see the audit"


def claim(means: Means, case: Case) -> TargetSet | None:
    """Look again, and claim the request for this process.

    Returns the targets it is claimed for; None when it must not start, which is then said.
    """
    if _is_held(means, case.request.id):
        return None
    looked = look(means, case)
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
                return _claim(means, conn, request=request, case=case, looked=looked, now=now)


def _is_held(means: Means, request_id: str) -> bool:
    """Whether a switch stops it, which is then said; it waits, and may still start once that is released."""
    now = means.now()
    with means.database.begin() as conn:
        request = requests.locked(conn, request_id)
        if request is None or request.state is not State.APPROVED:
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
    means: Means, conn: Connection, *, request: Request, case: Case, looked: Looked, now: datetime
) -> TargetSet | None:
    assert request.targets is not None
    if not _is_approved(conn, request, case.action):
        end(means, conn, request, to=State.REFUSED, why=_NOT_AS_APPROVED, now=now)
        return None
    what = changes(request.targets, looked.targets, may_shrink=case.action.targets.may_shrink)
    if what is not None:
        _supersede(means, conn, request, what=what, now=now)
        return None
    audit.lock(conn)  # from here on nobody else claims or engages a switch, so the brakes are right
    if why := brakes.stopped(conn, request):
        _hold(means, conn, request, why=why, now=now)
        return None
    if why := brakes.held_back(conn, request=request, action=case.action, now=now):
        end(means, conn, request, to=State.REFUSED, why=why, now=now)
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


def _is_approved(conn: Connection, request: Request, action: Action) -> bool:
    """Read from the votes themselves: a state that somebody set by hand approves nothing."""
    approvers = {
        vote.person
        for vote in requests.votes_of(conn, request.id)
        if vote.choice is Choice.APPROVE and vote.digest == request.digest and vote.person != request.requester
    }
    return is_as_approved(request) and len(approvers) >= max(request.needs, needs(action.risk))


def _supersede(means: Means, conn: Connection, request: Request, *, what: str, now: datetime) -> None:
    """Put another request in this one's place: same wish, fresh targets, no votes."""
    fresh = replace(
        request,
        id=means.new_id(),
        requested_at=now,
        targets=None,
        preview=None,
        digest=None,
        state=State.PREPARING,
        expires_at=None,
        settled_at=None,
        note=f"asked again, because {what} since it was approved",
    )
    requests.add(conn, fresh)
    means.enqueue(conn, orders.prepare(fresh.id))
    why = f"{what} since it was approved"
    end(means, conn, request, to=State.SUPERSEDED, why=why, now=now, more={"next": fresh.id})
    tell(means, conn, fresh, kind="request.asked", now=now, data={"instead_of": request.id, "inputs": fresh.inputs})
