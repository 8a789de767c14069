"""A request together with all it refers to: its action as the files said it then, and what expressions see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.core.errors import BadInput
from bot.core.facts import facts
from bot.core.ports import Resources
from bot.engine.diagnose import Subject, seen
from bot.engine.execution import deed_key
from bot.engine.looking import targets_seen
from bot.engine.request import Request, TargetSet
from bot.engine.runbook import Action, Runbook
from bot.engine.system import System
from bot.jobs.means import Means
from bot.steps.step import Scope
from bot.store import diagnoses
from bot.store.originals import original_seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One request in hand. `scope` holds what is true of it before anything is asked."""

    request: Request
    subject: Subject
    system: System
    runbook: Runbook
    action: Action
    resources: Resources
    scope: Scope

    def seeing(self, **more: object) -> "Case":
        """The same case, whose expressions see more names."""
        return replace(self, scope={**self.scope, **more})


def open_case(means: Means, conn: Connection, request: Request) -> Case:
    """Gather it. Raises BadInput when the files of its revision no longer hold its action."""
    catalog = means.contents(request.content)
    system, runbook = catalog.systems.get(request.system), catalog.runbooks.get(request.runbook)
    action = runbook.action(request.action) if runbook else None
    if system is None or runbook is None or action is None:
        raise BadInput(f"{request.runbook} has no action {request.action!r} in this request's revision of the files")
    given = {name: str(value) for name, value in request.params.items() if value is not None}
    subject = replace(diagnoses.subject(conn, request.incident_id), given=given)
    return Case(
        request=request,
        subject=subject,
        system=system,
        runbook=runbook,
        action=action,
        resources=means.resources(system),
        scope=_scope(conn, request, runbook, seen(subject, system=system, runbook=runbook, evidence={}).scope),
    )


def as_requested(case: Case, targets: TargetSet) -> Case:
    """The case whose expressions see the parameters, inputs and preview that were approved, and the claimed targets."""
    request = case.request
    more: dict[str, object] = {
        "params": request.params,
        "inputs": request.inputs,
        "targets": targets_seen(targets),
    }
    if request.preview is not None and request.preview.answer is not None:
        more["preview"] = facts(request.preview.answer)
    return case.seeing(**more)


def frozen(case: Case, targets: TargetSet) -> Case:
    """The case as it was approved: besides, its expressions see the evidence of back then, none newer."""
    return as_requested(case, targets).seeing(**answers_then(case.request))


def answers_then(request: Request) -> Mapping[str, object]:
    """What expressions see of the evidence at the time of the request, by question."""
    before = request.preview.before if request.preview else {}
    return {name: facts(evidence) for name, evidence in before.items()}


def for_call(case: Case, *, number: int, target: str | None) -> Case:
    """The case as one call of it sees it: `request.key` is this call's idempotency key."""
    key = deed_key(case.request.id, number=number, target=target)
    more: dict[str, object] = {} if target is None else {"target": target}
    return case.seeing(**more, request=_request_seen(case.request, key=key))


def _scope(conn: Connection, request: Request, runbook: Runbook, seen_of_incident: Scope) -> Scope:
    key = deed_key(request.id, number=1, target=None)
    scope = {**seen_of_incident, "request": _request_seen(request, key=key)}
    if request.original_id is not None:
        scope["original"] = original_seen(conn, runbook, request.original_id)
    return scope


def _request_seen(request: Request, *, key: str) -> Mapping[str, object]:
    return {"id": request.id, "key": key, "requester": request.requester, "requested_at": request.requested_at}
