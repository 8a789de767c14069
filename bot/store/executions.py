"""Executions and their deeds as rows: the claim that lets an effect happen, and what became of each call."""

from collections.abc import Collection
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, and_, select, update

from bot.core.canonical import plain
from bot.core.evidence import Evidence
from bot.engine.execution import LEADS_TO, DeedDone, Done, Execution, State
from bot.engine.request import TargetSet
from bot.store.database import insert_new
from bot.store.requests import read_targets, targets_document
from bot.store.tables import deeds, executions

_EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)
_SETTLING = frozenset({State.SUCCEEDED, State.FAILED, State.STOPPED, State.UNKNOWN})


def claim(
    conn: Connection,
    request_id: str,
    *,
    key: str,
    targets: TargetSet,
    replica: str,
    incarnation: str,
    now: datetime,
) -> bool:
    """Claims the one attempt for this process; False when it was claimed before, by whomever."""
    return insert_new(
        conn,
        executions,
        {
            "request_id": request_id,
            "key": key,
            "targets": targets_document(targets),
            "state": State.STARTED,
            "replica": replica,
            "incarnation": incarnation,
            "started_at": now,
        },
    )


def get(conn: Connection, request_id: str) -> Execution | None:
    """The execution of a request; None while it is not claimed."""
    row = conn.execute(select(executions).where(executions.c.request_id == request_id)).first()
    return _execution(row) if row else None


def locked(conn: Connection, request_id: str) -> Execution | None:
    """The execution, whose row nobody else may change until this transaction ends."""
    query = select(executions).where(executions.c.request_id == request_id).with_for_update(key_share=True)
    row = conn.execute(query).first()
    return _execution(row) if row else None


def in_state(conn: Connection, state: State) -> tuple[Execution, ...]:
    """Every execution in this state, oldest first."""
    rows = conn.execute(select(executions).where(executions.c.state == state).order_by(executions.c.started_at))
    return tuple(_execution(row) for row in rows)


def move(
    conn: Connection,
    request_id: str,
    *,
    to: State,
    now: datetime,
    outcome: str,
    verify_until: datetime | None = None,
) -> bool:
    """Takes an execution one step on; False when it does not stand where that step begins."""
    values: dict[str, object] = {"state": to, "outcome": outcome}
    values["finished_at" if to in _SETTLING else "verified_at"] = now
    if verify_until is not None:
        values["verify_until"] = verify_until
    begins = [state for state, following in LEADS_TO.items() if to in following]
    changed = conn.execute(
        update(executions).where(executions.c.request_id == request_id, executions.c.state.in_(begins)).values(**values)
    )
    return changed.rowcount == 1


def take(conn: Connection, request_id: str, *, of: str, replica: str, incarnation: str) -> bool:
    """Makes this process the one that may make calls, in place of the incarnation `of`; False when it is not `of`'s.

    Whatever process it was before can begin no further call.
    """
    changed = conn.execute(
        update(executions)
        .where(
            executions.c.request_id == request_id,
            executions.c.incarnation == of,
            executions.c.state.in_([State.STARTED, State.UNKNOWN]),
        )
        .values(
            state=State.STARTED,
            replica=replica,
            incarnation=incarnation,
            check_until=None,
            finished_at=None,
            outcome=None,
        )
    )
    return changed.rowcount == 1


def resume(
    conn: Connection,
    request_id: str,
    *,
    after: int,
    passing: Collection[int],
    replica: str,
    incarnation: str,
    now: datetime,
) -> bool:
    """Makes this process the one that goes on with an execution that had ended; False when it has not ended so.

    Call `after` is the last that is behind it; those of `passing` failed, and the others go on without them.
    """
    changed = conn.execute(
        update(executions)
        .where(executions.c.request_id == request_id, executions.c.state.in_([State.STOPPED, State.FAILED]))
        .values(
            state=State.STARTED,
            replica=replica,
            incarnation=incarnation,
            resumed_at=now,
            resumed_after=after,
            stopped_by=None,
            stopped_at=None,
            check_until=None,
            finished_at=None,
            outcome=None,
        )
    )
    if changed.rowcount == 0:
        return False
    failed = and_(deeds.c.request_id == request_id, deeds.c.state == Done.FAILED)
    conn.execute(update(deeds).where(failed, deeds.c.number.in_(passing)).values(state=Done.PASSED))
    return True


def begin_check(conn: Connection, request_id: str, *, until: datetime) -> None:
    """Notes that no further call is made before a check has held."""
    conn.execute(update(executions).where(executions.c.request_id == request_id).values(check_until=until))


def stop(conn: Connection, request_id: str, *, person: str, now: datetime) -> bool:
    """Notes that somebody wants no further call; False when it is not under way, or somebody wanted that before."""
    changed = conn.execute(
        update(executions)
        .where(
            executions.c.request_id == request_id,
            executions.c.state == State.STARTED,
            executions.c.stopped_by.is_(None),
        )
        .values(stopped_by=person, stopped_at=now)
    )
    return changed.rowcount == 1


def remark(conn: Connection, request_id: str, *, outcome: str) -> None:
    """Says something new about how an execution ended, without moving it."""
    conn.execute(update(executions).where(executions.c.request_id == request_id).values(outcome=outcome))


def start_deed(
    conn: Connection, request_id: str, *, number: int, target: str | None, incarnation: str, now: datetime
) -> bool:
    """Writes down that a call is about to be made; False when this process may not make it.

    That is so when the call was begun before, when somebody took this process for dead and settled the execution or
    went on with it, and when somebody stopped it.
    """
    execution = locked(conn, request_id)
    if execution is None or execution.state is not State.STARTED or execution.incarnation != incarnation:
        return False
    if execution.stopped_by is not None or execution.check_until is not None:
        return False
    row = {
        "request_id": request_id,
        "number": number,
        "target": target,
        "state": Done.STARTED,
        "started_at": now,
    }
    return insert_new(conn, deeds, row)


def finish_deed(
    conn: Connection,
    request_id: str,
    *,
    number: int,
    state: Done,
    now: datetime,
    evidence: Evidence | None = None,
    error: str | None = None,
) -> bool:
    """Records what became of a call; False when that was known for certain already."""
    changed = conn.execute(
        update(deeds)
        .where(
            deeds.c.request_id == request_id,
            deeds.c.number == number,
            deeds.c.state.in_([Done.STARTED, Done.UNKNOWN]),
        )
        .values(
            state=state,
            finished_at=now,
            evidence=plain(evidence) if evidence else None,
            error=error,
        )
    )
    return changed.rowcount == 1


def deeds_of(conn: Connection, request_id: str) -> tuple[DeedDone, ...]:
    """The calls of an execution, in order."""
    rows = conn.execute(select(deeds).where(deeds.c.request_id == request_id).order_by(deeds.c.number))
    return tuple(
        DeedDone(
            number=row.number,
            target=row.target,
            state=Done(row.state),
            evidence=_EVIDENCE.validate_python(row.evidence) if row.evidence else None,
            error=row.error,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row in rows
    )


def _execution(row: Row[tuple[object, ...]]) -> Execution:
    kept = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Execution(**kept | {"state": State(row.state), "targets": read_targets(row.targets)})
