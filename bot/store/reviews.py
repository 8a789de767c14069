"""What one person did alone by break-glass, and who countersigned it afterwards."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select

from bot.engine.approval import Choice, Vote
from bot.engine.request import Request
from bot.store.database import insert_new
from bot.store.requests import get, votes_of
from bot.store.tables import reviews, votes


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """Who countersigned it, and when."""

    person: str
    at: datetime


def broken(conn: Connection, request_id: str) -> Vote | None:
    """The vote by which somebody broke the glass; None when nobody did."""
    return next((vote for vote in votes_of(conn, request_id) if vote.choice is Choice.BREAK_GLASS), None)


def of(conn: Connection, request_id: str) -> Review | None:
    """The review of a request; None while there is none."""
    row = conn.execute(select(reviews).where(reviews.c.request_id == request_id)).first()
    return Review(person=row.person, at=row.at) if row else None


def add(conn: Connection, request_id: str, *, person: str, now: datetime) -> bool:
    """Writes a review down; False when there was one."""
    return insert_new(conn, reviews, {"request_id": request_id, "person": person, "at": now})


def missing(conn: Connection) -> tuple[Request, ...]:
    """Every request that somebody ran alone and nobody has reviewed, oldest first."""
    reviewed = exists().where(reviews.c.request_id == votes.c.request_id)
    query = select(votes.c.request_id).where(votes.c.choice == Choice.BREAK_GLASS, ~reviewed).order_by(votes.c.at)
    found = [get(conn, request_id) for request_id in conn.scalars(query)]
    return tuple(request for request in found if request is not None)
