"""When somebody clicked on a message that is no longer true: how things stand, and the message sent once more."""

from sqlalchemy import Connection

from bot.desk import Desk
from bot.slack import card_words
from bot.slack.request_view import stage
from bot.slack.text import Safe
from bot.store import executions, messages, requests


def stands(conn: Connection, subject_id: str) -> Safe:
    """How far a request is, in words; nothing for an incident, whose root says it."""
    request = requests.get(conn, subject_id)
    if request is None:
        return Safe("")
    return card_words.stage_words(stage(request, executions.get(conn, request.id)))


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
