"""The document of one incident: a pure function of its rows, and through egress. Equal rows make equal documents."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.core.canonical import sha256
from bot.core.egress import mask, masked, masked_field, shown, without_private
from bot.core.evidence import Column, Shown
from bot.core.ports import Json
from bot.engine.alerts import Told
from bot.engine.approval import Vote
from bot.engine.conclude import Held, NotHeld, NotJudged
from bot.engine.execution import DeedDone, Execution, State, deed_key
from bot.engine.request import PreviewShown, Request, TargetSet, is_as_approved
from bot.export.definitions import Definitions
from bot.export.evidence import evidence_document, table_document
from bot.export.rows import Asked, Rows
from bot.store.audit import Entry, Verdict
from bot.store.deliveries import Delivery
from bot.store.diagnoses import Diagnosis

FORMAT = "countersign-incident/1"

Document = dict[str, Json]


def bundle(rows: Rows) -> Document:
    """All of it: what came in, what was found, asked, decided, done and verified, and the record of that."""
    definitions = Definitions(rows.files)
    return {
        "format": FORMAT,
        "incident": _incident(rows),
        "webhooks": _webhooks(rows),
        "alerts": [_alert(each, _all_labels(rows)) for each in rows.alerts],
        "diagnoses": [_diagnosis(each, rows.incident.runbook, definitions) for each in rows.diagnoses],
        "requests": [_request(each, definitions) for each in rows.requests],
        "audit": {"entries": [_entry(each) for each in rows.entries], "chain": _chain(rows.chain)},
        "content": {revision: _files(files) for revision, files in rows.files.items()},
    }


def _incident(rows: Rows) -> Document:
    incident, labels = rows.incident, _all_labels(rows)
    return {
        "id": incident.id,
        "title": without_private(incident.title, *labels),
        "system": incident.system,
        "event": mask(incident.event),
        "severity": mask(incident.severity),
        "state": incident.state,
        "runbook": incident.runbook,
        "content": incident.content,
        "episode": incident.episode,
        "channel": incident.channel,
        "labels": _labels(incident.labels),
        "annotations": _annotations(incident.annotations, labels),
        "params": masked(incident.params),
        "alerts_cut_by_alertmanager": incident.truncated,
        "started_at": _at(incident.started_at),
        "opened_at": _at(incident.opened_at),
        "resolved_at": _at(incident.resolved_at),
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_at": _at(incident.acknowledged_at),
    }


def _webhooks(rows: Rows) -> list[Json]:
    """Each delivery that changed the incident, with the digest its body had then and whether it still has it."""
    found: dict[int, Document] = {}
    for entry in rows.entries:
        number, digest = entry.content.get("delivery"), entry.content.get("digest")
        if isinstance(number, int) and number not in found:
            kept = rows.deliveries.get(number)
            found[number] = {
                "delivery": number,
                "digest": digest,
                "source": kept.source if kept else None,
                "received_at": _at(kept.received_at) if kept else None,
                "body": _kept(kept, digest),
            }
    return list(found.values())


def _kept(kept: Delivery | None, digest: Json) -> str:
    if kept is None:
        return "not kept"
    return "kept, unchanged" if hashlib.sha256(kept.body).hexdigest() == digest else "kept, but CHANGED"


def _alert(alert: Told, labels: Sequence[Mapping[str, str]]) -> Document:
    return {
        "fingerprint": mask(alert.fingerprint),
        "status": alert.status,
        "starts_at": _at(alert.starts_at),
        "ends_at": _at(alert.ends_at),
        "labels": _labels(alert.labels),
        "annotations": _annotations(alert.annotations, labels),
    }


def _diagnosis(diagnosis: Diagnosis, runbook: str, definitions: Definitions) -> Document:
    questions = definitions.questions(diagnosis.content, runbook)
    return {
        "number": diagnosis.number,
        "content": diagnosis.content,
        "ordered_at": _at(diagnosis.ordered_at),
        "finished_at": _at(diagnosis.finished_at),
        "error": mask(diagnosis.error) if diagnosis.error else None,
        "questions": [
            {
                "id": question,
                "definition": questions.get(question),
                "asked_at": _at(asked.asked_at),
                "took_ms": asked.took,
                "answer": evidence_document(asked.evidence),
            }
            for question, asked in diagnosis.asked.items()
        ],
        "conclusions": [_judgement(each) for each in diagnosis.conclusions.judgements],
    }


def _judgement(judged: Held | NotHeld | NotJudged) -> Document:
    match judged:
        case Held():
            return {"held": True, "say": mask(judged.say), "suggest": list(judged.suggest)}
        case NotHeld():
            return {"held": False}
        case NotJudged():
            return {"held": None, "when": mask(judged.when), "why": mask(judged.why)}


def _request(asked: Asked, definitions: Definitions) -> Document:
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
        "requested_at": _at(request.requested_at),
        "reason": mask(request.reason) if request.reason else None,
        "params": masked(request.params),
        "inputs": masked(request.inputs),
        "targets": _targets(request.targets),
        "preview": _preview(request.preview),
        "digest": request.digest,
        "digest_matches_what_is_stored": is_as_approved(request) if request.digest else None,
        "state": request.state,
        "needs": request.needs,
        "expires_at": _at(request.expires_at),
        "settled_at": _at(request.settled_at),
        "note": mask(request.note) if request.note else None,
        "votes": [_vote(each, request) for each in asked.votes],
        "execution": _execution(asked.execution, asked) if asked.execution else None,
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
        "answer": evidence_document(preview.answer) if preview.answer else None,
        "evidence_then": {name: evidence_document(each) for name, each in preview.before.items()},
    }


def _vote(vote: Vote, request: Request) -> Document:
    return {
        "person": vote.person,
        "choice": vote.choice,
        "at": _at(vote.at),
        "digest": vote.digest,
        "is_for_this_digest": vote.digest == request.digest,
        "reason": mask(vote.reason) if vote.reason else None,
    }


def _execution(execution: Execution, asked: Asked) -> Document:
    return {
        "state": execution.state,
        "key": execution.key,
        "targets": [_id(each) for each in execution.targets.ids],
        "replica": execution.replica,
        "started_at": _at(execution.started_at),
        "finished_at": _at(execution.finished_at),
        "calls": [_call(each, asked.request) for each in asked.deeds],
        "outcome": mask(execution.outcome) if execution.outcome else None,
    }


def _verification(execution: Execution, definition: Json) -> Document:
    """What had to become true, until when, and what came of it; no result while nobody knows."""
    is_judged = execution.state in {State.VERIFIED, State.NOT_VERIFIED}
    return {
        "condition": definition.get("verify") if isinstance(definition, Mapping) else None,
        "deadline": _at(execution.verify_until),
        "result": execution.state if is_judged else None,
        "at": _at(execution.verified_at),
        "seen": mask(execution.outcome) if is_judged and execution.outcome else None,
    }


def _call(deed: DeedDone, request: Request) -> Document:
    return {
        "number": deed.number,
        "target": _id(deed.target) if deed.target is not None else None,
        "idempotency_key": deed_key(request.id, number=deed.number, target=deed.target),
        "state": deed.state,
        "started_at": _at(deed.started_at),
        "finished_at": _at(deed.finished_at),
        "answer": evidence_document(deed.evidence) if deed.evidence else None,
        "error": mask(deed.error) if deed.error else None,
    }


def _entry(entry: Entry) -> Document:
    """As it was sealed. Its data went through egress before; should it have been changed since, it does again."""
    data = mask(entry.data)
    return {
        **entry.document(),
        "data": data,
        "is_sealed": entry.seal == entry.hash,
        **({} if data == entry.data else {"data_was_masked": True}),
    }


def _chain(verdict: Verdict) -> Document:
    return {
        "entries": verdict.entries,
        "head": str(verdict.head) if verdict.head else None,
        "intact": verdict.is_intact,
        "findings": [finding.sentence for finding in verdict.findings],
    }


def _files(files: Mapping[str, str]) -> Document:
    """The digest of each file; the revision is made of all of them."""
    return {name: sha256(text) for name, text in sorted(files.items())}


def _labels(labels: Mapping[str, str]) -> Document:
    return {mask(name): masked_field(name, value) for name, value in sorted(labels.items())}


def _annotations(annotations: Mapping[str, str], labels: Sequence[Mapping[str, str]]) -> Document:
    return {
        mask(name): masked_field(name, without_private(value, *labels)) for name, value in sorted(annotations.items())
    }


def _all_labels(rows: Rows) -> list[Mapping[str, str]]:
    """Annotations are made of labels: what is private in one alert's is private in every text."""
    return [rows.incident.labels, *(alert.labels for alert in rows.alerts)]


def _id(value: str) -> str:
    return shown(value, Column(name="id", shown=Shown.ID), {})


def _at(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None
