"""From rows and files to the view of a request's card."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.core.egress import masked_field
from bot.core.errors import BadInput
from bot.core.ports import Json
from bot.desk.matter import matter_of
from bot.engine import execution as executing
from bot.engine.approval import Choice, Vote
from bot.engine.execution import DeedDone, Done, Execution, boundaries, may_be_settled, open_deed, plan
from bot.engine.request import Request, State
from bot.engine.resumption import Resumption
from bot.engine.resumption import State as Resuming
from bot.engine.runbook import Action, Risk
from bot.slack import words
from bot.slack.call_view import calls
from bot.slack.card_views import CardView, Offer, Phase, Progress, Stage, VoteView
from bot.slack.policy_view import policy_view
from bot.slack.policy_views import PolicyView
from bot.slack.reading import Case
from bot.slack.resumption_view import can_resume, with_resumption
from bot.slack.switch_view import goes_on, stopping
from bot.slack.touched_view import touched
from bot.slack.views import RequestLine
from bot.store import executions, requests, resumptions, reviews
from bot.store.originals import original_seen

_STAGES = {
    State.PREPARING: Stage.PREPARING,
    State.OPEN: Stage.OPEN,
    State.APPROVED: Stage.APPROVED,
    State.DENIED: Stage.DENIED,
    State.EXPIRED: Stage.EXPIRED,
    State.SUPERSEDED: Stage.SUPERSEDED,
    State.REFUSED: Stage.REFUSED,
}
_EXECUTIONS = {
    executing.State.STARTED: Stage.RUNNING,
    executing.State.SUCCEEDED: Stage.VERIFYING,
    executing.State.FAILED: Stage.FAILED,
    executing.State.STOPPED: Stage.STOPPED,
    executing.State.UNKNOWN: Stage.UNKNOWN,
    executing.State.VERIFIED: Stage.VERIFIED,
    executing.State.NOT_VERIFIED: Stage.NOT_VERIFIED,
}
_UNDOABLE = frozenset({Stage.VERIFYING, Stage.VERIFIED, Stage.NOT_VERIFIED})
_PARTIAL = frozenset({Stage.FAILED, Stage.STOPPED})
_DEAD = frozenset({State.DENIED, State.EXPIRED, State.SUPERSEDED, State.REFUSED})


def stage(request: Request, execution: Execution | None, resumption: Resumption | None = None) -> Stage:
    """How far a request is, its execution and the latest resumption of that included."""
    if resumption is not None and resumption.is_pending:
        return Stage.OPEN if resumption.state is Resuming.OPEN else Stage.APPROVED
    if request.state is State.APPROVED and execution is not None:
        return _EXECUTIONS[execution.state]
    return _STAGES[request.state]


def request_lines(conn: Connection, case: Case) -> tuple[RequestLine, ...]:
    """Every request of the incident in a line each, oldest first."""
    return tuple(_line(conn, request, case) for request in requests.of_incident(conn, case.incident.id))


def _line(conn: Connection, request: Request, case: Case) -> RequestLine:
    execution = executions.get(conn, request.id)
    return RequestLine(
        label=case.label(request.action),
        stage=stage(request, execution, resumptions.latest(conn, request.id)),
        ran_at=execution.finished_at if execution else None,
        needs_review=reviews.broken(conn, request.id) is not None and reviews.of(conn, request.id) is None,
    )


def card_view(
    conn: Connection, request: Request, case: Case, now: datetime | None = None, *, break_glass: bool = False
) -> CardView:
    """Everything the card shows. `case` is the incident with the files of the request's own revision.

    Without `now` it offers nothing that depends on how long something has taken.
    """
    case = _with_original(conn, request, case)
    action = case.runbook.action(request.action) if case.runbook else None
    execution = executions.get(conn, request.id)
    deeds = executions.deeds_of(conn, request.id) if execution else ()
    matter = matter_of(conn, request)
    at = stage(request, execution, matter.resumption)
    is_undoable = at in _UNDOABLE or (at in _PARTIAL and any(deed.state is Done.SUCCEEDED for deed in deeds))
    view = composed(
        request,
        case,
        execution=execution,
        progress=_progress(action, execution, deeds) if action and execution else None,
        policy=policy_view(conn, request, action, case, break_glass=break_glass),
    )
    whole = requests.votes_of(conn, request.id)
    view = replace(view, stage=at, votes=tuple(map(vote_view, whole)))
    if execution is not None and matter.resumption is not None:
        view = with_resumption(
            view,
            conn,
            matter,
            request=request,
            case=case,
            execution=execution,
            deeds=deeds,
            whole=whole,
            votes=tuple(map(vote_view, matter.votes)),
        )
    return replace(
        view,
        can_resume=at in _PARTIAL and can_resume(conn, request, action, execution, now),
        can_settle=_can_settle(action, execution, deeds, now) if action and execution and now else False,
        undo=_undo(conn, request, action, case) if is_undoable else None,
        held_by=stopping(conn, request, {request.system: case.system} if case.system else {}),
    )


def _with_original(conn: Connection, request: Request, case: Case) -> Case:
    """The case whose expressions see what an undo takes back, so that its card shows the values it writes."""
    if request.original_id is None or case.runbook is None:
        return case
    try:
        original = original_seen(conn, case.runbook, request.original_id)
    except BadInput:
        return case
    return replace(case, scope={**case.scope, "original": original})


def composed(
    request: Request,
    case: Case,
    *,
    policy: PolicyView,
    execution: Execution | None = None,
    progress: Progress | None = None,
) -> CardView:
    """The card as far as the request itself, its files and its execution say it."""
    action = case.runbook.action(request.action) if case.runbook else None
    at = stage(request, execution)
    return CardView(
        request_id=request.id,
        label=action.label if action else request.action,
        about=action.about if action else None,
        risk=action.risk if action else Risk.SEVERE,
        stage=at,
        requester=request.requester,
        requested_at=request.requested_at,
        reason=request.reason,
        inputs=_inputs(request, action),
        touched=touched(request, action),
        preview_says=request.preview.say if request.preview else None,
        preview=request.preview.answer if request.preview else None,
        calls=calls(action, request, case.scope, system=case.system) if action else (),
        digest=request.digest,
        needs=request.needs,
        approvers=action.approve.by if action else (),
        expires_at=request.expires_at,
        settled_at=request.settled_at,
        note=request.note,
        started_at=(execution.resumed_at or execution.started_at) if execution else None,
        finished_at=execution.finished_at if execution else None,
        outcome=execution.outcome if execution else None,
        verifies=action.verify.until.source if action else None,
        goal=action.verify.goal if action else None,
        undoes=case.label(action.undo) if action and action.undo else None,
        is_reversible=action.reversible if action else False,
        progress=progress,
        can_stop=progress is not None and at is Stage.RUNNING and execution is not None and not execution.stopped_by,
        stopped_by=execution.stopped_by if execution else None,
        verify_until=execution.verify_until if execution else None,
        verified_at=execution.verified_at if execution else None,
        policy=policy,
        does_not_stop=goes_on(request, case.system),
    )


def vote_view(vote: Vote) -> VoteView:
    """One vote, as people see it."""
    return VoteView(
        person=vote.person,
        is_approval=vote.choice.is_approval,
        at=vote.at,
        reason=vote.reason,
        is_anyway=vote.choice is Choice.ANYWAY,
        is_alone=vote.choice is Choice.BREAK_GLASS,
    )


def _inputs(request: Request, action: Action | None) -> tuple[tuple[str, str], ...]:
    declared = action.inputs if action else {}
    labels = {name: each.label or words.label(name) for name, each in declared.items()}
    return tuple(
        (labels.get(name, words.label(name)), masked_field(name, _typed(value)))
        for name, value in request.inputs.items()
        if value is not None
    )


def _typed(value: Json) -> str:
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"


def _progress(action: Action, execution: Execution, deeds: Sequence[DeedDone]) -> Progress | None:
    """None for an execution of a single call, which is either under way or not."""
    ids = execution.targets.ids
    total, cuts = len(plan(action, ids)), boundaries(action, ids, resumed_after=execution.resumed_after)
    if total < 2:
        return None
    done = sum(deed.state is Done.SUCCEEDED for deed in deeds)
    batch = sum(cut <= done for cut in cuts)
    phase = Phase.CALLS if action.batches is None else Phase.CANARY if batch == 0 else Phase.BATCH
    if execution.check_until is not None:
        phase = Phase.CHECKING
    return Progress(done=done, total=total, phase=phase, batch=batch + 1, batches=len(cuts) + 1)


def _can_settle(action: Action, execution: Execution, deeds: Sequence[DeedDone], now: datetime) -> bool:
    has_probe = action.probe is not None
    return open_deed(deeds) is not None and may_be_settled(execution, has_probe=has_probe, now=now)


def _undo(conn: Connection, request: Request, action: Action | None, case: Case) -> Offer | None:
    """The action that takes it back, unless somebody has asked for that already."""
    back = case.runbook.action(action.undo) if case.runbook and action and action.undo else None
    if back is None:
        return None
    asked = any(
        each.original_id == request.id and each.state not in _DEAD
        for each in requests.of_incident(conn, request.incident_id)
    )
    return None if asked else Offer(action=back.id, label=back.label)
