"""Resumptions and the votes on them as rows; every change of state is compare-and-set."""

from datetime import datetime

from sqlalchemy import Connection, Row, select, update

from bot.engine.approval import Vote
from bot.engine.resumption import LEADS_TO, Resumption, State
from bot.store.database import insert_new
from bot.store.requests import read_targets, read_vote, targets_document
from bot.store.tables import resumption_votes, resumptions


def add(conn: Connection, resumption: Resumption) -> bool:
    """Writes a new one down; False when there is one of this number."""
    return insert_new(
        conn,
        resumptions,
        {
            "request_id": resumption.request_id,
            "number": resumption.number,
            "person": resumption.person,
            "asked_at": resumption.asked_at,
            "reason": resumption.reason,
            "targets": targets_document(resumption.targets),
            "digest": resumption.digest,
            "state": resumption.state,
            "needs": resumption.needs,
            "expires_at": resumption.expires_at,
            "settled_at": resumption.settled_at,
            "note": resumption.note,
        },
    )


def latest(conn: Connection, request_id: str) -> Resumption | None:
    """The newest of a request's execution; None when nobody asked for one."""
    found = of(conn, request_id)
    return found[-1] if found else None


def of(conn: Connection, request_id: str) -> tuple[Resumption, ...]:
    """All of a request's execution, oldest first."""
    query = select(resumptions).where(resumptions.c.request_id == request_id).order_by(resumptions.c.number)
    return tuple(_resumption(row) for row in conn.execute(query))


def in_state(conn: Connection, state: State) -> tuple[Resumption, ...]:
    """Every one in this state, oldest first."""
    query = select(resumptions).where(resumptions.c.state == state).order_by(resumptions.c.asked_at)
    return tuple(_resumption(row) for row in conn.execute(query))


def move(conn: Connection, of: Resumption, *, to: State, now: datetime, note: str | None = None) -> bool:
    """Takes one a step on; False when it does not stand where that step begins."""
    begins = [state for state, following in LEADS_TO.items() if to in following]
    values = {"state": to, "settled_at": now, **({} if note is None else {"note": note})}
    changed = conn.execute(
        update(resumptions)
        .where(
            resumptions.c.request_id == of.request_id,
            resumptions.c.number == of.number,
            resumptions.c.state.in_(begins),
        )
        .values(**values)
    )
    return changed.rowcount == 1


def remark(conn: Connection, of: Resumption, *, note: str | None) -> None:
    """Says something new about one, without moving it."""
    conn.execute(
        update(resumptions)
        .where(resumptions.c.request_id == of.request_id, resumptions.c.number == of.number)
        .values(note=note)
    )


def add_vote(conn: Connection, on: Resumption, vote: Vote) -> bool:
    """Writes a vote down; False when this person has voted on it before."""
    return insert_new(
        conn,
        resumption_votes,
        {
            "request_id": on.request_id,
            "number": on.number,
            "person": vote.person,
            "digest": vote.digest,
            "choice": vote.choice,
            "reason": vote.reason,
            "at": vote.at,
            "is_typed": vote.is_typed,
            "is_proven": vote.is_proven,
        },
    )


def votes_on(conn: Connection, resumption: Resumption) -> tuple[Vote, ...]:
    """The votes on one, in the order they were given."""
    rows = resumption_votes.c
    query = (
        select(resumption_votes)
        .where(rows.request_id == resumption.request_id, rows.number == resumption.number)
        .order_by(rows.at, rows.person)
    )
    return tuple(map(read_vote, conn.execute(query)))


def _resumption(row: Row[tuple[object, ...]]) -> Resumption:
    kept = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Resumption(**kept | {"state": State(row.state), "targets": read_targets(row.targets)})
