"""What happens to a request goes into the audit and onto its card, in the transaction that does it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from bot.core.ports import Json
from bot.engine.request import Request, State
from bot.store import audit, orders, requests
from bot.store.work import Enqueue, Show


class Hands(Protocol):
    """What it takes to end a request and put another in its place; the desk and the jobs both have it."""

    @property
    def enqueue(self) -> Enqueue: ...

    @property
    def show(self) -> Show: ...

    @property
    def new_id(self) -> Callable[[], str]: ...


def tell(
    hands: Hands, conn: Connection, request: Request, *, kind: str, now: datetime, data: Mapping[str, Json]
) -> None:
    """Write one thing down and show it."""
    note(conn, request, kind=kind, now=now, data=data)
    hands.show.request(conn, request.id, now)


def note(
    conn: Connection,
    request: Request,
    *,
    kind: str,
    now: datetime,
    data: Mapping[str, Json],
    actor: str = audit.OURSELVES,
) -> None:
    """Write one thing down that no card shows."""
    audit.append(
        conn,
        kind=kind,
        actor=actor,
        now=now,
        incident_id=request.incident_id,
        request_id=request.id,
        data=data,
    )


def end(
    hands: Hands,
    conn: Connection,
    request: Request,
    *,
    to: State,
    why: str,
    now: datetime,
    more: Mapping[str, Json] | None = None,
) -> None:
    """End a request for a reason, unless it has ended; write that down and show it."""
    if requests.move(conn, request.id, to=to, now=now, note=why):
        tell(hands, conn, request, kind=f"request.{to}", now=now, data={"note": why, **(more or {})})


def supersede(hands: Hands, conn: Connection, request: Request, *, what: str, now: datetime) -> None:
    """Put another request in this one's place: same wish, fresh targets, no votes. `what` has happened since."""
    since = "approved" if request.state is State.APPROVED else "shown"
    fresh = ask_again(hands, conn, request, because=f"{what} since it was {since}", now=now)
    end(hands, conn, request, to=State.SUPERSEDED, why=f"{what} since it was {since}", now=now, more={"next": fresh.id})


def ask_again(hands: Hands, conn: Connection, request: Request, *, because: str, now: datetime) -> Request:
    """Ask for the same anew, with fresh targets and no votes."""
    fresh = replace(
        request,
        id=hands.new_id(),
        requested_at=now,
        targets=None,
        preview=None,
        digest=None,
        state=State.PREPARING,
        expires_at=None,
        settled_at=None,
        alert=None,
        note=f"asked again, because {because}",
    )
    requests.add(conn, fresh)
    hands.enqueue(conn, orders.prepare(fresh.id))
    tell(hands, conn, fresh, kind="request.asked", now=now, data={"instead_of": request.id, "inputs": fresh.inputs})
    return fresh
