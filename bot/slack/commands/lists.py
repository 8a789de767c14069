"""What is open, what waits, what is stopped, and which runbooks there are."""

from sqlalchemy import Connection, select

from bot.desk import matter as matters
from bot.desk.desk import Contents
from bot.engine.incident import State as Standing
from bot.slack import answer_words, reading, switch_words
from bot.slack.answer_views import OpenIncident, OpenRequest, OpenReview
from bot.slack.commands import words
from bot.slack.commands.naming import unknown
from bot.slack.reading import ContentsOf
from bot.slack.switch_view import listed
from bot.slack.text import Safe
from bot.store import finding, incidents, messages, reviews
from bot.store.tables import incidents as incident_rows


def status(conn: Connection) -> Safe:
    behind = messages.backlog(conn)
    return answer_words.status(open_incidents(conn), behind=behind.count, trouble=behind.error)


def waiting(conn: Connection, contents: ContentsOf) -> Safe:
    return answer_words.requests(open_requests(conn, contents), reviews=open_reviews(conn, contents))


def switches(conn: Connection, contents: Contents) -> Safe:
    return switch_words.listed(listed(conn, contents.systems))


def runbooks(contents: Contents, system: str | None) -> Safe:
    """Each with its parameters; of one system, also the names of its checks. Raises Unclear for another word."""
    if system is not None and system not in contents.systems:
        unknown("system", system, contents.systems)
    books = sorted(contents.runbooks.items())
    shown = {name: each for name, each in books if system is None or name.startswith(f"{system}/")}
    return words.runbooks(shown, with_checks=system is not None)


def open_incidents(conn: Connection) -> list[OpenIncident]:
    """Every incident that fires, newest first."""
    query = (
        select(incident_rows).where(incident_rows.c.state == Standing.FIRING).order_by(incident_rows.c.opened_at.desc())
    )
    return [
        OpenIncident(
            id=row.id,
            title=row.title,
            system=row.system,
            severity=row.severity,
            started_at=row.started_at,
            acknowledged_by=row.acknowledged_by,
            place=finding.place_of(conn, row.id),
        )
        for row in conn.execute(query)
    ]


def open_requests(conn: Connection, contents: ContentsOf) -> list[OpenRequest]:
    """Every request that waits for approval, oldest first."""
    return [
        OpenRequest(
            label=reading.label(contents, matter.request),
            title=incident.title if (incident := incidents.get(conn, matter.request.incident_id)) else "",
            requester=matter.resumer or matter.request.requester,
            missing=max(0, matter.request.needs - len(matter.votes)),
            expires_at=matter.request.expires_at,
        )
        for matter in matters.waiting(conn)
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
