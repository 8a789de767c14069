"""What Slack has not shown yet, and what it does not do for us at the moment, as the bot's own rows say."""

from datetime import datetime, timedelta

from bot.doctor.finding import Findings, broken, ok, warning
from bot.store import messages, pacing
from bot.store.database import Database

_WHERE = "delivery"
_LATE = timedelta(minutes=5)


def delivery(database: Database, *, now: datetime) -> Findings:
    """For a database that has its tables."""
    with database.read() as conn:
        behind, paused = messages.backlog(conn), pacing.pauses(conn, now)
    for pause in paused:
        what = "everything" if pause.key == "*" else pause.key
        yield warning(_WHERE, f"Slack does not do {what} for us until {pause.until:%H:%M:%S} UTC: {pause.why}")
    if behind.oldest is not None and now - behind.oldest > _LATE:
        why = f": {behind.error}" if behind.error else ""
        what = f"{behind.count} messages are not in Slack, the oldest since {behind.oldest:%Y-%m-%d %H:%M} UTC{why}"
        yield broken(_WHERE, what, "Look at slack above, and whether a bot runs")
    elif not paused:
        yield ok(_WHERE, f"{behind.count} messages wait for Slack, none for long")
