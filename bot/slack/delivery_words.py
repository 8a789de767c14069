"""What is said about delivery itself: late, elsewhere, in a file."""

from datetime import timedelta

from bot.slack.text import Plain, Safe, code, safe
from bot.slack.words import duration

IN_FULL = Plain("In full")
MAY_COME_LATE = "Slack did not answer, and may still do it"
TWICE = Safe("_Slack showed this message twice. It goes on in the other one._")


def delayed(by: timedelta) -> Safe:
    """Whole minutes: nobody wants seconds of something late."""
    return Safe(f":hourglass: delayed {duration(timedelta(minutes=by // timedelta(minutes=1)))} by Slack")


def elsewhere(channel: str, why: str | None) -> Safe:
    """Why this stands here."""
    reason = f": Slack says {code(why)}" if why else ""
    return Safe(f":warning: This belongs in {safe(channel)}, where I cannot post{reason}. Put it right there.")
