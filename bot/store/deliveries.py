"""Deliveries: webhooks as they were received, stored before they are answered."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, text, update

from bot.engine.incident import State
from bot.store.tables import deliveries, incidents

_FOLDER = 7_266_118_392  # any number of our own: the advisory lock that makes one folder of all replicas


class Source(StrEnum):
    """Which door it came through."""

    ALERTMANAGER = "alertmanager"
    OPS_EVENTS = "ops-events"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One body as received."""

    source: Source
    received_at: datetime
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A stored delivery that has not been folded; equal bodies have equal digests."""

    seq: int
    source: Source
    received_at: datetime
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """How many deliveries wait to be folded, and since when the first does."""

    count: int
    oldest: datetime | None


def add(conn: Connection, batch: Sequence[Delivery]) -> list[int]:
    """Stores them in one statement; returns the number of each, in their order."""
    rows = [
        {
            "source": each.source,
            "received_at": each.received_at,
            "body": each.body,
            "digest": hashlib.sha256(each.body).hexdigest(),
        }
        for each in batch
    ]
    statement = insert(deliveries).returning(deliveries.c.seq, sort_by_parameter_order=True)
    return list(conn.scalars(statement, rows))


def lock(conn: Connection) -> bool:
    """Makes this transaction the one that folds, over all replicas, until it ends; False when another one is.

    SQLite's write transactions are one at a time anyway.
    """
    if conn.dialect.name != "postgresql":
        return True
    return bool(conn.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _FOLDER}))


def unfolded(conn: Connection, limit: int) -> list[Waiting]:
    """The first that wait, in the order they were stored."""
    rows = conn.execute(
        select(deliveries.c.seq, deliveries.c.source, deliveries.c.received_at, deliveries.c.digest)
        .where(deliveries.c.folded_at.is_(None))
        .order_by(deliveries.c.seq)
        .limit(limit)
    )
    return [
        Waiting(seq=row.seq, source=Source(row.source), received_at=row.received_at, digest=row.digest) for row in rows
    ]


def body(conn: Connection, seq: int) -> bytes:
    """What was received."""
    return bytes(conn.execute(select(deliveries.c.body).where(deliveries.c.seq == seq)).scalar_one())


def kept(conn: Connection, seq: int) -> Delivery | None:
    """One delivery as it was received; None when it is not kept."""
    row = conn.execute(
        select(deliveries.c.source, deliveries.c.received_at, deliveries.c.body).where(deliveries.c.seq == seq)
    ).first()
    return Delivery(source=Source(row.source), received_at=row.received_at, body=bytes(row.body)) if row else None


def folded(conn: Connection, seqs: Collection[int], *, now: datetime, error: str | None = None) -> None:
    """Marks them as done with; `error` says why they could not be folded."""
    conn.execute(update(deliveries).where(deliveries.c.seq.in_(seqs)).values(folded_at=now, error=error))


def count(conn: Connection) -> int:
    """How many were ever stored."""
    return conn.execute(select(func.count()).select_from(deliveries)).scalar_one()


def backlog(conn: Connection) -> Backlog:
    """What waits to be folded."""
    row = conn.execute(
        select(func.count(), func.min(deliveries.c.received_at)).where(deliveries.c.folded_at.is_(None))
    ).one()
    return Backlog(count=row[0], oldest=row[1])


def forget(conn: Connection, *, before: datetime, most: int) -> int:
    """Removes the oldest that came before this moment and are folded, `most` of them; returns how many.

    Nothing goes that came after an incident was opened which is open still; the newest row stays, for its number.
    """
    opened = conn.scalar(select(func.min(incidents.c.opened_at)).where(incidents.c.state == State.FIRING))
    until = min(before, opened) if opened else before
    newest = conn.scalar(select(func.max(deliveries.c.seq)))
    oldest = conn.execute(
        select(deliveries.c.seq, deliveries.c.received_at, deliveries.c.folded_at)
        .where(deliveries.c.seq != newest)
        .order_by(deliveries.c.seq)
        .limit(most)
    )
    old = [row.seq for row in oldest if row.received_at < until and row.folded_at is not None]
    conn.execute(delete(deliveries).where(deliveries.c.seq.in_(old)))
    return len(old)
