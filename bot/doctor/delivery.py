"""What Slack has not shown yet, what it does not do for us now, and how far the canary came, as our rows say."""

from datetime import datetime, timedelta

from bot.doctor.finding import Findings, broken, ok, skipped, warning
from bot.engine.canary import Stage
from bot.settings import Settings
from bot.store import canary as rounds
from bot.store import messages, pacing
from bot.store.database import Database

_WHERE, _CANARY = "delivery", "canary"
_LATE = timedelta(minutes=5)
_IN_CHANNEL = "It stands in the fallback channel: invite the app, or mend the channel in rules/"
_MEND = dict.fromkeys(("channel_not_found", "not_in_channel", "is_archived"), _IN_CHANNEL)
_STALE = timedelta(minutes=15)  # as CountersignCanaryStale of alerts.yml


def delivery(database: Database, *, now: datetime) -> Findings:
    """For a database that has its tables."""
    with database.read() as conn:
        behind, paused = messages.backlog(conn), pacing.pauses(conn, now)
        otherwise = messages.otherwise(conn, since=now - timedelta(days=1))
    for word, count in otherwise.items():
        what = f"Slack would not show {count} message{'s' if count > 1 else ''} of the last day as meant: {word}"
        yield warning(
            _WHERE, what, _MEND.get(word, "It was said more simply, and is in the thread as a file where it was cut")
        )
    for pause in paused:
        what = "everything" if pause.key == "*" else pause.key
        yield warning(_WHERE, f"Slack does not do {what} for us until {pause.until:%H:%M:%S} UTC: {pause.why}")
    if behind.oldest is not None and now - behind.oldest > _LATE:
        why = f": {behind.error}" if behind.error else ""
        what = f"{behind.count} messages are not in Slack, the oldest since {behind.oldest:%Y-%m-%d %H:%M} UTC{why}"
        yield broken(_WHERE, what, "Look at slack above, and whether a bot runs")
    elif not paused:
        yield ok(_WHERE, f"{behind.count} messages wait for Slack, none for long")


def canary(database: Database, settings: Settings, *, now: datetime) -> Findings:
    """Whether a test alert takes the whole way, and when one last did."""
    if settings.canary_minutes == 0:
        yield skipped(
            _CANARY, "off: nobody would see that alerts do not come through", "Set COUNTERSIGN_CANARY_MINUTES=5"
        )
        return
    if settings.webhook_token is None and settings.webhook_hmac_secret is not None:
        yield broken(
            _CANARY, "its own door wants a signature, and it can only send a token", "Set COUNTERSIGN_WEBHOOK_TOKEN"
        )
        return
    with database.read() as conn:
        reached = rounds.last_success(conn)
    stages = [stage for stage in Stage if stage is not Stage.DELIVERED or settings.slack_bot_token is not None]
    late = [stage for stage in stages if stage in reached and now - reached[stage] > _STALE]
    if not reached:
        yield skipped(_CANARY, f"every {settings.canary_minutes} min, and no round yet", "Look again when a bot runs")
    elif late:
        what = f"no round has come as far as {late[0]} since {reached[late[0]]:%Y-%m-%d %H:%M} UTC"
        yield broken(_CANARY, what, "Alerts do not come through, or no bot runs")
    else:
        yield ok(_CANARY, f"every {settings.canary_minutes} min, and it comes through")
