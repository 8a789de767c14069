"""Requests and their votes as rows; every change of state is compare-and-set."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, exists, insert, select, update

from bot.core.canonical import plain
from bot.core.evidence import Answer, Evidence, Table
from bot.core.ports import Json
from bot.engine.approval import Choice, Vote
from bot.engine.request import LEADS_TO, PreviewShown, Request, Standing, State, TargetSet, digest
from bot.store.database import insert_new
from bot.store.tables import executions, requests, votes

_EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)
_TEXTS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
_ENDINGS = frozenset(state for state in State if state not in {State.PREPARING, State.OPEN})


def add(conn: Connection, request: Request) -> None:
    """Writes a new request down."""
    conn.execute(
        insert(requests).values(
            id=request.id,
            incident_id=request.incident_id,
            system=request.system,
            runbook=request.runbook,
            action=request.action,
            content=request.content,
            original_id=request.original_id,
            requester=request.requester,
            requested_at=request.requested_at,
            reason=request.reason,
            params=dict(request.params),
            inputs=dict(request.inputs),
            targets=targets_document(request.targets),
            preview=_preview_document(request.preview),
            digest=request.digest,
            state=request.state,
            needs=request.needs,
            expires_at=request.expires_at,
            settled_at=request.settled_at,
            note=request.note,
            alert=request.alert,
        )
    )


def get(conn: Connection, request_id: str) -> Request | None:
    """One request; None when there is none of this id."""
    row = conn.execute(select(requests).where(requests.c.id == request_id)).first()
    return _request(row) if row else None


def locked(conn: Connection, request_id: str) -> Request | None:
    """One request, whose row nobody else may change until this transaction ends."""
    row = conn.execute(select(requests).where(requests.c.id == request_id).with_for_update(key_share=True)).first()
    return _request(row) if row else None


def of_incident(conn: Connection, incident_id: str) -> tuple[Request, ...]:
    """Every request of an incident, oldest first."""
    return _all(conn, select(requests).where(requests.c.incident_id == incident_id))


def in_state(conn: Connection, state: State) -> tuple[Request, ...]:
    """Every request in this state, oldest first."""
    return _all(conn, select(requests).where(requests.c.state == state))


def unclaimed(conn: Connection) -> tuple[Request, ...]:
    """Approved requests that no execution has claimed, oldest first."""
    claimed = exists().where(executions.c.request_id == requests.c.id)
    return _all(conn, select(requests).where(requests.c.state == State.APPROVED, ~claimed))


def freeze(
    conn: Connection,
    request_id: str,
    *,
    params: Mapping[str, Json],
    inputs: Mapping[str, Json],
    targets: TargetSet,
    preview: PreviewShown,
    needs: int,
    expires_at: datetime,
) -> str | None:
    """Opens a request that was being prepared, with all that a vote is for.

    Returns its digest, made of what the database kept; None when it is no longer preparing.
    """
    changed = conn.execute(
        update(requests)
        .where(requests.c.id == request_id, requests.c.state == State.PREPARING)
        .values(
            state=State.OPEN,
            params=dict(params),
            inputs=dict(inputs),
            targets=targets_document(targets),
            preview=_preview_document(preview),
            needs=needs,
            expires_at=expires_at,
        )
    )
    kept = get(conn, request_id)
    if changed.rowcount == 0 or kept is None or kept.targets is None or kept.preview is None:
        return None
    made = digest(kept, targets=kept.targets, preview=kept.preview)
    conn.execute(update(requests).where(requests.c.id == request_id).values(digest=made))
    return made


def move(conn: Connection, request_id: str, *, to: State, now: datetime, note: str | None = None) -> bool:
    """Takes a request one step on; False when it does not stand where that step begins."""
    values: dict[str, object] = {"state": to}
    if to in _ENDINGS:
        values["settled_at"] = now
    if note is not None:
        values["note"] = note
    begins = [state for state, following in LEADS_TO.items() if to in following]
    changed = conn.execute(
        update(requests).where(requests.c.id == request_id, requests.c.state.in_(begins)).values(**values)
    )
    return changed.rowcount == 1


def add_vote(conn: Connection, request_id: str, vote: Vote) -> bool:
    """Writes a vote down; False when this person has voted on this request before."""
    return insert_new(
        conn,
        votes,
        {
            "request_id": request_id,
            "person": vote.person,
            "digest": vote.digest,
            "choice": vote.choice,
            "reason": vote.reason,
            "at": vote.at,
            "is_typed": vote.is_typed,
            "is_proven": vote.is_proven,
        },
    )


def votes_of(conn: Connection, request_id: str) -> tuple[Vote, ...]:
    """The votes on a request, in the order they were given."""
    rows = conn.execute(select(votes).where(votes.c.request_id == request_id).order_by(votes.c.at, votes.c.person))
    return tuple(map(read_vote, rows))


def read_vote(row: Row[tuple[object, ...]]) -> Vote:
    """A vote from its row."""
    return Vote(
        person=row.person,
        choice=Choice(row.choice),
        digest=row.digest,
        reason=row.reason,
        at=row.at,
        is_typed=row.is_typed,
        is_proven=row.is_proven,
    )


def remark(conn: Connection, request_id: str, *, note: str | None) -> None:
    """Says something new about a request, or nothing more, without moving it."""
    conn.execute(update(requests).where(requests.c.id == request_id).values(note=note))


def remember_alert(conn: Connection, request_id: str, alert: Standing) -> None:
    """Notes how the alert stands, so that the card asks to confirm it."""
    conn.execute(update(requests).where(requests.c.id == request_id).values(alert=alert))


def _all(conn: Connection, query: Select[tuple[object, ...]]) -> tuple[Request, ...]:
    rows = conn.execute(query.order_by(requests.c.requested_at, requests.c.id))
    return tuple(_request(row) for row in rows)


def _request(row: Row[tuple[object, ...]]) -> Request:
    kept = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Request(
        **kept
        | {
            "state": State(row.state),
            "alert": Standing(row.alert) if row.alert else None,
            "targets": read_targets(row.targets),
            "preview": _preview(row.preview),
        }
    )


def targets_document(targets: TargetSet | None) -> Json:
    """A target set as a row keeps it."""
    if targets is None:
        return {}
    return {"ids": list(targets.ids), "table": plain(targets.table)}


def read_targets(document: Mapping[str, Json]) -> TargetSet | None:
    """The target set of a row; None while there is none."""
    if not document:
        return None
    ids = TypeAdapter(tuple[str, ...]).validate_python(document["ids"])
    return TargetSet(ids=ids, table=Table.model_validate(document["table"]))


def _preview_document(preview: PreviewShown | None) -> Json:
    if preview is None:
        return None
    return {
        "answer": plain(preview.answer) if preview.answer else None,
        "say": preview.say,
        "before": {name: plain(evidence) for name, evidence in preview.before.items()},
        "alert": preview.alert,
        "unusual": list(preview.unusual),
        "warnings": list(preview.warnings),
        "left_out": plain(preview.left_out) if preview.left_out else None,
    }


def _preview(document: Mapping[str, Json] | None) -> PreviewShown | None:
    if document is None:
        return None
    before = TypeAdapter(dict[str, Evidence]).validate_python(document["before"])
    answer, say = document["answer"], document["say"]
    return PreviewShown(
        answer=_EVIDENCE.validate_python(answer) if answer else None,
        say=say if isinstance(say, str) else None,
        before=before,
        alert=Standing(str(document["alert"])),
        unusual=_TEXTS.validate_python(document["unusual"]),
        warnings=_TEXTS.validate_python(document["warnings"]),
        left_out=Answer.model_validate(left_out) if (left_out := document["left_out"]) else None,
    )
