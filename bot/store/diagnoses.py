"""Diagnoses of an incident: ordered, then found; evidence and conclusions appear together or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, and_, delete, exists, insert, select, update

from bot.core.canonical import plain, sha256
from bot.core.errors import BadInput
from bot.core.evidence import Evidence
from bot.engine.conclude import Conclusions
from bot.engine.diagnose import Subject
from bot.engine.incident import State
from bot.store.tables import answers, diagnoses, incidents

_EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question's evidence, when it was asked, and how long it took in milliseconds."""

    evidence: Evidence
    asked_at: datetime
    took: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """One diagnosis; `asked` is by question id, in the runbook's order. `error` says why nothing could be asked."""

    incident_id: str
    number: int
    content: str
    ordered_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    asked: Mapping[str, Asked]
    conclusions: Conclusions
    error: str | None

    @property
    def evidence(self) -> Mapping[str, Evidence]:
        return {question: asked.evidence for question, asked in self.asked.items()}


def begin(conn: Connection, incident_id: str, number: int, *, now: datetime) -> Diagnosis | None:
    """Mark it as begun: it does not see what arrives from now on. None when it is finished, or was not ordered."""
    conn.execute(
        update(diagnoses)
        .where(diagnoses.c.incident_id == incident_id, diagnoses.c.number == number, diagnoses.c.finished_at.is_(None))
        .values(started_at=now)
    )
    begun = get(conn, incident_id, number)
    return begun if begun is not None and begun.finished_at is None else None


def get(conn: Connection, incident_id: str, number: int) -> Diagnosis | None:
    """One diagnosis with its evidence."""
    row = conn.execute(
        select(diagnoses).where(diagnoses.c.incident_id == incident_id, diagnoses.c.number == number)
    ).one_or_none()
    return _diagnosis(conn, row) if row is not None else None


def latest(conn: Connection, incident_id: str) -> Diagnosis | None:
    """The newest finished diagnosis that could ask; None before the first."""
    row = conn.execute(
        select(diagnoses)
        .where(
            diagnoses.c.incident_id == incident_id, diagnoses.c.finished_at.is_not(None), diagnoses.c.error.is_(None)
        )
        .order_by(diagnoses.c.number.desc())
        .limit(1)
    ).one_or_none()
    return _diagnosis(conn, row) if row is not None else None


def subject(conn: Connection, incident_id: str) -> Subject:
    """The incident as its runbook's expressions see it. Raises BadInput when there is none."""
    row = conn.execute(select(incidents).where(incidents.c.id == incident_id)).one_or_none()
    if row is None:
        raise BadInput(f"there is no incident {incident_id}")
    return Subject(
        id=row.id,
        event=row.event,
        system=row.system,
        runbook=row.runbook,
        severity=row.severity,
        state=row.state,
        starts_at=row.started_at,
        opened_at=row.opened_at,
        labels=row.labels,
        annotations=row.annotations,
        given=row.params,
        metadata=row.metadata,
    )


def finish(
    conn: Connection,
    *,
    incident_id: str,
    number: int,
    finished_at: datetime,
    asked: Mapping[str, Asked],
    conclusions: Conclusions,
    error: str | None,
) -> bool:
    """Write what was found; False, and nothing is written, when somebody else has."""
    changed = conn.execute(
        update(diagnoses)
        .where(diagnoses.c.incident_id == incident_id, diagnoses.c.number == number, diagnoses.c.finished_at.is_(None))
        .values(
            finished_at=finished_at,
            conclusions=None if error else conclusions.model_dump(mode="json"),
            error=error,
        )
    )
    if changed.rowcount == 0:
        return False
    if asked:
        rows = [
            {
                "incident_id": incident_id,
                "number": number,
                "question": question,
                "position": position,
                "evidence": _EVIDENCE.dump_python(each.evidence, mode="json"),
                "asked_at": each.asked_at,
                "took": each.took,
            }
            for position, (question, each) in enumerate(asked.items())
        ]
        conn.execute(insert(answers), rows)
    return True


def digests(conn: Connection, incident_id: str, number: int) -> Mapping[str, str]:
    """The digest of each answer, by question: of what the database keeps, so that it can be made again."""
    found = get(conn, incident_id, number)
    return {question: digest(each.evidence) for question, each in found.asked.items()} if found else {}


def digest(evidence: Evidence) -> str:
    """Two answers are the same exactly if their digests are."""
    return sha256(plain(evidence))


def forget_answers(conn: Connection, *, before: datetime, most: int) -> int:
    """Removes the answers of diagnoses that ended before this moment, `most` of them; returns how many.

    Those of an open incident stay, and those of one that ended later; their digests stay in the audit.
    """
    over = and_(incidents.c.state == State.RESOLVED, incidents.c.resolved_at < before)
    query = (
        select(diagnoses.c.incident_id, diagnoses.c.number)
        .join(incidents, diagnoses.c.incident_id == incidents.c.id)
        .where(over, diagnoses.c.finished_at < before)
        .where(exists().where(answers.c.incident_id == diagnoses.c.incident_id, answers.c.number == diagnoses.c.number))
        .order_by(diagnoses.c.finished_at)
        .limit(most)
    )
    old = [(row.incident_id, row.number) for row in conn.execute(query)]
    for incident_id, number in old:
        conn.execute(delete(answers).where(answers.c.incident_id == incident_id, answers.c.number == number))
    return len(old)


def _diagnosis(conn: Connection, row: Row[tuple[object, ...]]) -> Diagnosis:
    found = conn.execute(
        select(answers)
        .where(answers.c.incident_id == row.incident_id, answers.c.number == row.number)
        .order_by(answers.c.position)
    )
    return Diagnosis(
        incident_id=row.incident_id,
        number=row.number,
        content=row.content,
        ordered_at=row.ordered_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        asked={
            each.question: Asked(
                evidence=_EVIDENCE.validate_python(each.evidence), asked_at=each.asked_at, took=each.took
            )
            for each in found
        },
        conclusions=Conclusions.model_validate(row.conclusions or {}),
        error=row.error,
    )
