"""Answers that one person saw, kept until they may no longer be shared with the channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from bot.core.ports import Json
from bot.store.tables import private_answers as table

_KEEP = timedelta(hours=1)  # Slack's address for answers is good for half of that


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivateAnswer:
    """What one person was told, and what they had typed."""

    id: str
    person: str
    asked: str
    text: str
    blocks: Sequence[dict[str, Json]]
    at: datetime
    shared_at: datetime | None


def keep(conn: Connection, answer: PrivateAnswer) -> None:
    conn.execute(insert(table).values(**{name: getattr(answer, name) for name in PrivateAnswer.__slots__}))


def get(conn: Connection, answer_id: str) -> PrivateAnswer | None:
    """None when it is not kept any more."""
    row = conn.execute(select(table).where(table.c.id == answer_id)).first()
    return PrivateAnswer(**dict(row._mapping)) if row else None  # noqa: SLF001 - the documented way to a row's names


def claim(conn: Connection, answer_id: str, now: datetime) -> bool:
    """Notes that it is being shared; False when it was already: it is said in the channel once."""
    unshared = update(table).where(table.c.id == answer_id, table.c.shared_at.is_(None))
    return conn.execute(unshared.values(shared_at=now)).rowcount == 1


def let_go(conn: Connection, answer_id: str) -> None:
    """It certainly was not shared after all."""
    conn.execute(update(table).where(table.c.id == answer_id).values(shared_at=None))


def forget(conn: Connection, now: datetime) -> int:
    """Removes what nobody can share any more; returns how many."""
    return conn.execute(delete(table).where(table.c.at < now - _KEEP)).rowcount
