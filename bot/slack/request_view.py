"""From rows and files to the view of a request's card."""

from sqlalchemy import Connection

from bot.core.egress import shown
from bot.core.errors import ExpressionError
from bot.core.evidence import Column, Shown
from bot.core.template import PathTemplate
from bot.engine import execution as executing
from bot.engine.approval import Choice, Vote
from bot.engine.execution import Execution
from bot.engine.request import Request, State, TargetSet
from bot.engine.runbook import Action, Deed, Risk
from bot.engine.sums import sums
from bot.slack import words
from bot.slack.reading import Case
from bot.slack.views import CardView, Offer, RequestLine, Stage, Touched, VoteView
from bot.steps import CommandRun, HttpSend, SqlChange, StripePost
from bot.steps.step import Scope
from bot.store import executions, requests

_SAMPLE = 5  # ids of targets that a card names

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
    executing.State.UNKNOWN: Stage.UNKNOWN,
    executing.State.VERIFIED: Stage.VERIFIED,
    executing.State.NOT_VERIFIED: Stage.NOT_VERIFIED,
}
_UNDOABLE = frozenset({Stage.VERIFYING, Stage.VERIFIED, Stage.NOT_VERIFIED})
_DEAD = frozenset({State.DENIED, State.EXPIRED, State.SUPERSEDED, State.REFUSED})


def stage(request: Request, execution: Execution | None) -> Stage:
    """How far a request is, its execution included."""
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
        stage=stage(request, execution),
        ran_at=execution.finished_at if execution else None,
    )


def card_view(conn: Connection, request: Request, case: Case) -> CardView:
    """Everything the card shows. `case` is the incident with the files of the request's own revision."""
    action = case.runbook.action(request.action) if case.runbook else None
    execution = executions.get(conn, request.id)
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
        touched=_touched(request.targets),
        preview_says=request.preview.say if request.preview else None,
        preview=request.preview.answer if request.preview else None,
        calls=_calls(action, request, case),
        digest=request.digest,
        needs=request.needs,
        approvers=action.approve.by if action else (),
        votes=tuple(map(_vote, requests.votes_of(conn, request.id))),
        expires_at=request.expires_at,
        settled_at=request.settled_at,
        note=request.note,
        started_at=execution.started_at if execution else None,
        finished_at=execution.finished_at if execution else None,
        outcome=execution.outcome if execution else None,
        verifies=action.verify.until.source if action else None,
        verify_until=execution.verify_until if execution else None,
        verified_at=execution.verified_at if execution else None,
        undo=_undo(conn, request, action, case) if at in _UNDOABLE else None,
    )


def _vote(vote: Vote) -> VoteView:
    return VoteView(person=vote.person, is_approval=vote.choice is Choice.APPROVE, at=vote.at, reason=vote.reason)


def _inputs(request: Request, action: Action | None) -> tuple[tuple[str, str], ...]:
    declared = action.inputs if action else {}
    labels = {name: each.label or words.label(name) for name, each in declared.items()}
    return tuple(
        (labels.get(name, words.label(name)), str(value)) for name, value in request.inputs.items() if value is not None
    )


def _touched(targets: TargetSet | None) -> Touched | None:
    if targets is None:
        return None
    worth = [
        f"{shown(total, Column(name=name, shown=Shown.MINOR), {'currency': currency})} ({words.label(name)})"
        for name, by_currency in sums(targets.table).items()
        for currency, total in by_currency.items()
    ]
    return Touched(count=len(targets.ids), sample=targets.ids[:_SAMPLE], sums=tuple(worth))


def _calls(action: Action | None, request: Request, case: Case) -> tuple[str, ...]:
    if action is None or request.targets is None:
        return ()
    scope = {
        **case.scope,
        "params": request.params,
        "inputs": request.inputs,
        "targets": {"ids": list(request.targets.ids), "count": len(request.targets.ids)},
    }
    return tuple(_call(deed, scope, len(request.targets.ids)) for deed in action.do)


def _call(deed: Deed, scope: Scope, count: int) -> str:
    said = _said(deed, scope)
    return f"{said} (once for each of {words.counted(count, 'target')})" if deed.each else said


def _said(deed: Deed, scope: Scope) -> str:
    match deed.step:
        case HttpSend() as step:
            verb = next(verb for verb in ("post", "put", "patch", "delete") if getattr(step, verb) is not None)
            return f"{verb.upper()} {_rendered(getattr(step, verb), scope)} at {step.at}"
        case StripePost() as step:
            return f"POST {_rendered(step.post, scope)} at Stripe"
        case SqlChange() as step:
            return f"{' '.join(step.statement.split())} at {step.at}, at most {words.counted(step.max_rows, 'row')}"
        case CommandRun() as step:
            return f"{step.at}: {' '.join(str(argument.source) for argument in step.arguments)}"


def _rendered(path: PathTemplate, scope: Scope) -> str:
    try:
        return path.render(scope)
    except ExpressionError:
        return path.source  # it names what is only known when it runs, such as one target of many


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
