"""The slash command: what it answers, to the one who typed it."""

from collections.abc import Callable
from difflib import get_close_matches

from sqlalchemy import Connection, select

from bot.desk import Desk
from bot.engine.incident import State as Standing
from bot.engine.request import State
from bot.slack import answer_words as words
from bot.slack import reading, switch_words
from bot.slack.answer_views import OpenIncident, OpenRequest, OpenReview
from bot.slack.reading import ContentsOf
from bot.slack.switch_command import switch_command
from bot.slack.switch_view import listed
from bot.slack.text import Safe
from bot.store import incidents, messages, requests, reviews
from bot.store.tables import incidents as incident_rows

_WORDS = ("help", "status", "requests", "switch")


class Commands:
    """Answers `/billing …`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._database = desk.database
        self._contents = desk.contents

    def answer(self, text: str, *, person: str) -> Safe:
        """What to say to what this person typed after the command."""
        word, *rest = text.split() or ["help"]
        word = word.casefold()
        if word == "switch" and rest and rest[0].casefold() != "list":
            return switch_command(self._desk, rest, person=person)
        known: dict[str, Callable[[Connection], Safe]] = {
            "help": lambda _: words.HELP,
            "status": self._status,
            "requests": self._requests,
            "switch": self._switches,
        }
        if word not in known:
            return words.did_you_mean(word, get_close_matches(word, _WORDS, n=1))
        with self._database.read() as conn:
            return known[word](conn)

    def _status(self, conn: Connection) -> Safe:
        behind = messages.backlog(conn)
        return words.status(open_incidents(conn), behind=behind.count, trouble=behind.error)

    def _switches(self, conn: Connection) -> Safe:
        return switch_words.listed(listed(conn, self._contents(self._desk.revision()).systems))

    def _requests(self, conn: Connection) -> Safe:
        return words.requests(open_requests(conn, self._contents), reviews=open_reviews(conn, self._contents))


def open_incidents(conn: Connection) -> list[OpenIncident]:
    """Every incident that fires, newest first."""
    query = (
        select(incident_rows).where(incident_rows.c.state == Standing.FIRING).order_by(incident_rows.c.opened_at.desc())
    )
    return [
        OpenIncident(
            title=row.title,
            system=row.system,
            severity=row.severity,
            started_at=row.started_at,
            acknowledged_by=row.acknowledged_by,
        )
        for row in conn.execute(query)
    ]


def open_requests(conn: Connection, contents: ContentsOf) -> list[OpenRequest]:
    """Every request that waits for approval, oldest first."""
    return [
        OpenRequest(
            label=reading.label(contents, request),
            title=incident.title if (incident := incidents.get(conn, request.incident_id)) else "",
            requester=request.requester,
            missing=max(0, request.needs - len(requests.votes_of(conn, request.id))),
            expires_at=request.expires_at,
        )
        for request in requests.in_state(conn, State.OPEN)
    ]


def open_reviews(conn: Connection, contents: ContentsOf) -> list[OpenReview]:
    """Everything one person ran alone that nobody has reviewed, oldest first."""
    found = [(request, reviews.broken(conn, request.id)) for request in reviews.missing(conn)]
    return [
        OpenReview(
            label=reading.label(contents, request),
            title=incident.title if (incident := incidents.get(conn, request.incident_id)) else "",
            person=broken.person,
            at=broken.at,
        )
        for request, broken in found
        if broken is not None
    ]
