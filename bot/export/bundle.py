"""The document of one incident: a pure function of its rows, and through egress. Equal rows make equal documents."""

import hashlib
from collections.abc import Mapping, Sequence

from bot.core.canonical import sha256
from bot.core.egress import mask, masked, masked_field, without_private
from bot.core.ports import Json
from bot.engine.alerts import Told
from bot.engine.checklist import Tick, item_of
from bot.engine.conclude import Held, NotHeld, NotJudged
from bot.export.asked import request_document
from bot.export.definitions import Definitions
from bot.export.evidence import Document, evidence_document, moment
from bot.export.rows import Rows
from bot.store.audit import Entry, Verdict
from bot.store.deliveries import Delivery
from bot.store.diagnoses import Diagnosis, digest

FORMAT = "countersign-incident/1"


def bundle(rows: Rows) -> Document:
    """All of it: what came in, what was found, asked, decided, done and verified, and the record of that."""
    definitions = Definitions(rows.files)
    return {
        "format": FORMAT,
        "incident": _incident(rows),
        "webhooks": _webhooks(rows),
        "alerts": [_alert(each, _all_labels(rows)) for each in rows.alerts],
        "diagnoses": [
            _diagnosis(each, rows.incident.runbook, definitions, _noted(rows, each.number)) for each in rows.diagnoses
        ],
        "checklist": _checklist(rows, definitions),
        "requests": [request_document(each, definitions) for each in rows.requests],
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
        "started_at": moment(incident.started_at),
        "opened_at": moment(incident.opened_at),
        "resolved_at": moment(incident.resolved_at),
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_at": moment(incident.acknowledged_at),
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
                "received_at": moment(kept.received_at) if kept else None,
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
        "starts_at": moment(alert.starts_at),
        "ends_at": moment(alert.ends_at),
        "labels": _labels(alert.labels),
        "annotations": _annotations(alert.annotations, labels),
    }


def _noted(rows: Rows, number: int) -> Mapping[str, Json]:
    """The digest of each answer of a diagnosis, as the audit noted it then."""
    for entry in rows.entries:
        found = entry.content.get("answers")
        if entry.kind == "diagnosis.finished" and entry.content.get("number") == number and isinstance(found, Mapping):
            return found
    return {}


def _diagnosis(diagnosis: Diagnosis, runbook: str, definitions: Definitions, noted: Mapping[str, Json]) -> Document:
    questions = definitions.questions(diagnosis.content, runbook)
    return {
        "number": diagnosis.number,
        "content": diagnosis.content,
        "ordered_at": moment(diagnosis.ordered_at),
        "finished_at": moment(diagnosis.finished_at),
        "error": mask(diagnosis.error) if diagnosis.error else None,
        "questions": [
            {
                "id": question,
                "definition": questions.get(question),
                "asked_at": moment(asked.asked_at),
                "took_ms": asked.took,
                "answer": evidence_document(asked.evidence),
                "is_as_noted_then": noted[question] == digest(asked.evidence) if question in noted else None,
            }
            for question, asked in diagnosis.asked.items()
        ],
        "forgotten": {name: noted[name] for name in sorted(noted.keys() - diagnosis.asked.keys())},
        "conclusions": [_judgement(each) for each in diagnosis.conclusions.judgements],
    }


def _checklist(rows: Rows, definitions: Definitions) -> list[Json]:
    """The steps as the thread has them, and who did which."""
    newest = rows.diagnoses[-1].content if rows.diagnoses else rows.incident.content
    steps = definitions.checklist(newest, rows.incident.runbook)
    return [_step(step, rows.ticks.get(item_of(step))) for step in steps]


def _step(step: str, tick: Tick | None) -> Document:
    return {
        "step": mask(step),
        "done_by": tick.person if tick else None,
        "done_at": moment(tick.at) if tick else None,
        "before_step": tick.skipped if tick else None,
    }


def _judgement(judged: Held | NotHeld | NotJudged) -> Document:
    match judged:
        case Held():
            return {"held": True, "say": mask(judged.say), "suggest": list(judged.suggest)}
        case NotHeld():
            return {"held": False}
        case NotJudged():
            return {"held": None, "when": mask(judged.when), "why": mask(judged.why)}


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
