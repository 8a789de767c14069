"""When somebody clicked on a message that is no longer true: what happened since, and the message sent once more."""

from sqlalchemy import Connection

from bot.desk import Desk
from bot.desk.matter import matter_of
from bot.engine.incident import Incident, State
from bot.engine.request import Request
from bot.slack import card_words, silence_words
from bot.slack.card_views import Stage
from bot.slack.request_view import stage, vote_view
from bot.slack.silence_view import silence_views
from bot.slack.text import Safe, clip, joined, person, safe, when
from bot.store import executions, incidents, messages, requests


def stands(conn: Connection, subject_id: str) -> Safe:
    """How far a request or an incident is, who brought it there and when; nothing for what is neither."""
    request = requests.get(conn, subject_id)
    if request is not None:
        return _request(conn, request)
    incident = incidents.get(conn, subject_id)
    return _incident(conn, incident) if incident is not None else Safe("")


def _request(conn: Connection, request: Request) -> Safe:
    execution = executions.get(conn, request.id)
    matter = matter_of(conn, request)
    at = stage(request, execution, matter.resumption)
    votes = [card_words.vote(vote_view(each)) for each in matter.votes[-3:]]
    ended = execution.finished_at if execution else request.settled_at
    when_ = when(ended) if ended and not votes else Safe("")
    note = clip(safe(request.note or ""), 300) if at is not Stage.DENIED else Safe("")
    return joined((joined((card_words.stage_words(at), when_), " "), note, *votes), "\n")


def _incident(conn: Connection, incident: Incident) -> Safe:
    silent = [silence_words.line(each) for each in silence_views(conn, incident.id)[:1]]
    if incident.state is State.RESOLVED and incident.resolved_at is not None:
        return joined((Safe(f"resolved {when(incident.resolved_at)}"), *silent), "\n")
    if incident.acknowledged_by is None or incident.acknowledged_at is None:
        return joined((Safe("firing, and nobody has acknowledged it"), *silent), "\n")
    whose = f"acknowledged by {person(incident.acknowledged_by)} {when(incident.acknowledged_at)}"
    return joined((Safe(f"firing, {whose}"), *silent), "\n")


def refresh(conn: Connection, desk: Desk, subject_id: str) -> None:
    """Bring the message about a request or an incident up to date, and to Slack even if it says nothing new."""
    now = desk.now()
    if requests.get(conn, subject_id) is not None:
        desk.show.request(conn, subject_id, now)
        subject = f"request:{subject_id}"
    else:
        desk.show.incident(conn, subject_id, now)
        subject = f"root:{subject_id}"
    again = messages.resend(conn, subject, now)
    if again is not None:
        desk.enqueue(conn, messages.delivery(again))
