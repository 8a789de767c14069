"""What the bot does on its own goes into the audit and onto the card, in the transaction that does it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.core.ports import Json
from bot.engine.request import Request, State
from bot.jobs.means import Means
from bot.store import audit, requests


def tell(
    means: Means, conn: Connection, request: Request, *, kind: str, now: datetime, data: Mapping[str, Json]
) -> None:
    """Write one thing down and show it."""
    note(conn, request, kind=kind, now=now, data=data)
    means.show.request(conn, request.id, now)


def note(conn: Connection, request: Request, *, kind: str, now: datetime, data: Mapping[str, Json]) -> None:
    """Write one thing down that no card shows."""
    audit.append(
        conn,
        kind=kind,
        actor=audit.OURSELVES,
        now=now,
        incident_id=request.incident_id,
        request_id=request.id,
        data=data,
    )


def end(
    means: Means,
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
        tell(means, conn, request, kind=f"request.{to}", now=now, data={"note": why, **(more or {})})
