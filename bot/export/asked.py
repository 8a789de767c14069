"""One request with its votes, calls and verification, as it may leave."""

from collections.abc import Mapping, Sequence

from bot.core.egress import mask, masked, shown
from bot.core.evidence import Column, Shown
from bot.core.ports import Json
from bot.engine.approval import Vote
from bot.engine.execution import DeedDone, Execution, State, deed_key
from bot.engine.request import PreviewShown, Request, TargetSet, is_as_approved
from bot.engine.resumption import Resumption
from bot.export.definitions import Definitions
from bot.export.evidence import Document, evidence_document, moment, table_document
from bot.export.rows import Asked


def request_document(asked: Asked, definitions: Definitions) -> Document:
    """What was asked for, what was voted on and by whom, what was done, and what came of it."""
    request = asked.request
    definition = definitions.actions(request.content, request.runbook).get(request.action)
    return {
        "id": request.id,
        "action": request.action,
        "runbook": request.runbook,
        "definition": definition,
        "content": request.content,
        "undoes": request.original_id,
        "requester": request.requester,
        "requested_at": moment(request.requested_at),
        "reason": mask(request.reason) if request.reason else None,
        "params": masked(request.params),
        "inputs": masked(request.inputs),
        "targets": _targets(request.targets),
        "preview": _preview(request.preview),
        "digest": request.digest,
        "digest_matches_what_is_stored": is_as_approved(request) if request.digest else None,
        "state": request.state,
        "needs": request.needs,
        "expires_at": moment(request.expires_at),
        "settled_at": moment(request.settled_at),
        "note": mask(request.note) if request.note else None,
        "votes": [_vote(each, request.digest) for each in asked.votes],
        "reviewed_by": asked.review.person if asked.review else None,
        "reviewed_at": moment(asked.review.at) if asked.review else None,
        "execution": _execution(asked.execution, asked) if asked.execution else None,
        "resumptions": [_resumption(each, votes) for each, votes in asked.resumptions],
        "verification": _verification(asked.execution, definition) if asked.execution else None,
    }


def _targets(targets: TargetSet | None) -> Document | None:
    if targets is None:
        return None
    return {"count": len(targets.ids), "ids": [_id(each) for each in targets.ids], **table_document(targets.table)}


def _preview(preview: PreviewShown | None) -> Document | None:
    if preview is None:
        return None
    return {
        "say": mask(preview.say) if preview.say else None,
        "beyond_soft_limits": [mask(each) for each in preview.unusual],
        "warnings": [mask(each) for each in preview.warnings],
        "left_out": evidence_document(preview.left_out) if preview.left_out else None,
        "answer": evidence_document(preview.answer) if preview.answer else None,
        "evidence_then": {name: evidence_document(each) for name, each in preview.before.items()},
    }


def _resumption(resumption: Resumption, votes: Sequence[Vote]) -> Document:
    """Who asked that the rest goes on, who agreed to just that, and what became of it."""
    return {
        "number": resumption.number,
        "asked_by": resumption.person,
        "asked_at": moment(resumption.asked_at),
        "reason": mask(resumption.reason),
        "left": _targets(resumption.targets),
        "digest": resumption.digest,
        "state": resumption.state,
        "needs": resumption.needs,
        "expires_at": moment(resumption.expires_at),
        "settled_at": moment(resumption.settled_at),
        "note": mask(resumption.note) if resumption.note else None,
        "votes": [_vote(each, resumption.digest) for each in votes],
    }


def _vote(vote: Vote, digest: str | None) -> Document:
    return {
        "person": vote.person,
        "choice": vote.choice,
        "at": moment(vote.at),
        "digest": vote.digest,
        "is_for_this_digest": vote.digest == digest,
        "phrase_typed": vote.is_typed,
        "one_time_code_given": vote.is_proven,
        "reason": mask(vote.reason) if vote.reason else None,
    }


def _execution(execution: Execution, asked: Asked) -> Document:
    return {
        "state": execution.state,
        "key": execution.key,
        "targets": [_id(each) for each in execution.targets.ids],
        "replica": execution.replica,
        "started_at": moment(execution.started_at),
        "finished_at": moment(execution.finished_at),
        "stopped_by": execution.stopped_by,
        "stopped_at": moment(execution.stopped_at),
        "went_on_at": moment(execution.resumed_at),
        "went_on_after_call": execution.resumed_after,
        "calls": [_call(each, asked.request) for each in asked.deeds],
        "outcome": mask(execution.outcome) if execution.outcome else None,
    }


def _verification(execution: Execution, definition: Json) -> Document:
    """What had to become true, until when, and what came of it; no result while nobody knows."""
    is_judged = execution.state in {State.VERIFIED, State.NOT_VERIFIED}
    return {
        "condition": definition.get("verify") if isinstance(definition, Mapping) else None,
        "deadline": moment(execution.verify_until),
        "result": execution.state if is_judged else None,
        "at": moment(execution.verified_at),
        "seen": mask(execution.outcome) if is_judged and execution.outcome else None,
    }


def _call(deed: DeedDone, request: Request) -> Document:
    return {
        "number": deed.number,
        "target": _id(deed.target) if deed.target is not None else None,
        "idempotency_key": deed_key(request.id, number=deed.number, target=deed.target),
        "state": deed.state,
        "started_at": moment(deed.started_at),
        "finished_at": moment(deed.finished_at),
        "answer": evidence_document(deed.evidence) if deed.evidence else None,
        "error": mask(deed.error) if deed.error else None,
    }


def _id(value: str) -> str:
    return shown(value, Column(name="id", shown=Shown.ID), {})
