"""What a vote is about: a request, or that the rest of its ended execution goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.core.ports import Json
from bot.desk import telling
from bot.desk.telling import Hands, ask_again, tell
from bot.engine import resumption as resuming
from bot.engine.approval import Vote
from bot.engine.request import Request, State
from bot.engine.resumption import Resumption, as_request
from bot.store import orders, requests, resumptions


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """`request` is it as those who vote see it, and `votes` are those on this matter alone."""

    request: Request
    votes: tuple[Vote, ...]
    resumption: Resumption | None = None

    @property
    def name(self) -> str:
        """What it is called in the audit."""
        return "request" if self.resumption is None else "resumption"

    @property
    def resumer(self) -> str | None:
        """Who asks to go on; nobody for a request."""
        return None if self.resumption is None else self.resumption.person


def matter_of(conn: Connection, request: Request) -> Matter:
    """What there is to vote on about a request: the latest resumption, once somebody has asked for one."""
    latest = resumptions.latest(conn, request.id)
    if latest is None:
        return Matter(request=request, votes=requests.votes_of(conn, request.id))
    return Matter(request=as_request(request, latest), votes=resumptions.votes_on(conn, latest), resumption=latest)


def waiting(conn: Connection) -> tuple[Matter, ...]:
    """All that waits for votes, oldest first."""
    asked = [
        Matter(request=each, votes=requests.votes_of(conn, each.id))
        for each in requests.in_state(conn, State.OPEN)
        if each.digest
    ]
    stopped = [requests.get(conn, each.request_id) for each in resumptions.in_state(conn, resuming.State.OPEN)]
    return (*asked, *(matter_of(conn, each) for each in stopped if each is not None))


def add_vote(conn: Connection, matter: Matter, vote: Vote) -> bool:
    """Writes a vote down; False when this person has voted on it before."""
    if matter.resumption is None:
        return requests.add_vote(conn, matter.request.id, vote)
    return resumptions.add_vote(conn, matter.resumption, vote)


def let_go(hands: Hands, conn: Connection, matter: Matter, *, now: datetime) -> None:
    """Approve it, and order what follows in the same transaction."""
    request, resumption = matter.request, matter.resumption
    if resumption is None:
        requests.move(conn, request.id, to=State.APPROVED, now=now)
        hands.enqueue(conn, orders.execute(request.id))
    else:
        resumptions.move(conn, resumption, to=resuming.State.APPROVED, now=now)
        hands.enqueue(conn, orders.resume(request.id, resumption.number))


def deny(conn: Connection, matter: Matter, *, note: str, now: datetime) -> None:
    """End it, for somebody said no."""
    if matter.resumption is None:
        requests.move(conn, matter.request.id, to=State.DENIED, now=now, note=note)
    else:
        resumptions.move(conn, matter.resumption, to=resuming.State.DENIED, now=now, note=note)


def end(
    hands: Hands,
    conn: Connection,
    matter: Matter,
    *,
    to: State,
    why: str,
    now: datetime,
    more: Mapping[str, Json] | None = None,
) -> None:
    """End it for a reason, unless it has ended; write that down and show it."""
    if matter.resumption is None:
        telling.end(hands, conn, matter.request, to=to, why=why, now=now, more=more)
    elif resumptions.move(conn, matter.resumption, to=resuming.State(to.value), now=now, note=why):
        data: dict[str, Json] = {"number": matter.resumption.number, "note": why, **(more or {})}
        tell(hands, conn, matter.request, kind=f"resumption.{to}", now=now, data=data)


def supersede(hands: Hands, conn: Connection, matter: Matter, *, what: str, now: datetime) -> None:
    """Put another request in its place: same wish, fresh targets, no votes. `what` has happened since."""
    if matter.resumption is None:
        telling.supersede(hands, conn, matter.request, what=what, now=now)
        return
    fresh = ask_again(hands, conn, matter.request, because=f"{what} since it was stopped", now=now)
    end(hands, conn, matter, to=State.SUPERSEDED, why=f"{what} since it was stopped", now=now, more={"next": fresh.id})
