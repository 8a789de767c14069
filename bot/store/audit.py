"""The audit: who did what and when, each entry sealed to the one before it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, insert, select, text

from bot.core.canonical import canonical
from bot.core.egress import masked
from bot.core.ports import Json
from bot.store.chain import BEFORE_THE_FIRST, Checkpoint, Entry, Fault, Finding, Verdict, sealed, walked
from bot.store.tables import audit

__all__ = [
    "OURSELVES",
    "Checkpoint",
    "Entry",
    "Fault",
    "Finding",
    "Verdict",
    "append",
    "began",
    "export",
    "head",
    "lock",
    "verify",
]

OURSELVES = "countersign"
"""The actor of what the bot does on its own."""

_WRITER = 7_266_118_391  # any number of our own: the advisory lock that makes one writer of all replicas


def lock(conn: Connection) -> None:
    """Makes this transaction the one that may append, over all replicas, until it ends.

    Everybody locks in one order, so that no two wait for each other: rows of incidents, requests and executions, then
    this, then switches, storms and messages. SQLite's write transactions are one at a time anyway.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER})


def append(
    conn: Connection,
    *,
    kind: str,
    actor: str,
    now: datetime,
    incident_id: str | None = None,
    request_id: str | None = None,
    data: Mapping[str, Json],
) -> None:
    """Adds one entry in the caller's transaction, so that it stands exactly when the change it tells of does.

    `kind` is `subject.verb`, such as `request.voted`; `data` goes through egress here, whoever hands it in.
    """
    lock(conn)
    last = conn.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, BEFORE_THE_FIRST)
    at, spelled = now.astimezone(UTC), canonical(masked(data))
    seal = sealed(
        seq=seq,
        at=at,
        kind=kind,
        actor=actor,
        incident_id=incident_id,
        request_id=request_id,
        data=spelled,
        previous=previous,
    )
    conn.execute(
        insert(audit).values(
            seq=seq,
            at=at,
            kind=kind,
            actor=actor,
            incident_id=incident_id,
            request_id=request_id,
            data=spelled,
            previous=previous,
            hash=seal,
        )
    )


def began(conn: Connection) -> datetime | None:
    """When the first entry was made; None while there is none."""
    first: datetime | None = conn.scalar(select(audit.c.at).order_by(audit.c.seq).limit(1))
    return first


def head(conn: Connection) -> Checkpoint | None:
    """The last entry's place and hash, to be kept outside this database; None when there is none."""
    last = conn.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    return Checkpoint(seq=last.seq, hash=last.hash) if last else None


def verify(conn: Connection, *, checkpoint: Checkpoint | None = None) -> Verdict:
    """Walks the whole chain. Without a checkpoint from before, entries cut off its end cannot be missed."""
    return walked(_walk(conn), checkpoint=checkpoint)


def export(conn: Connection, incident_id: str) -> list[Entry]:
    """Every entry about one incident and its requests, in order."""
    rows = conn.execute(select(audit).where(audit.c.incident_id == incident_id).order_by(audit.c.seq))
    return [_entry(row) for row in rows]


def _walk(conn: Connection) -> Iterator[Entry]:
    query = select(audit).order_by(audit.c.seq).execution_options(yield_per=1000)
    return (_entry(row) for row in conn.execute(query))


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(**row._mapping)  # noqa: SLF001 - the documented way to a row's names
