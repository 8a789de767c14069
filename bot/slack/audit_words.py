"""What the bot says about its audit: where the chain ends, and whether it holds."""

from datetime import date

from bot.slack.text import Safe, code, safe
from bot.slack.views import CheckpointView


def checkpoint_title(view: CheckpointView) -> Safe:
    """The one line of a push message or a screen reader."""
    state = "intact" if view.first_finding is None else "NOT INTACT"
    return Safe(f"Audit checkpoint {_day(view.day)}: {view.entries:,} entries, {state}")


def checkpoint(view: CheckpointView) -> Safe:
    """The head of the chain, kept where the database's keeper cannot change it."""
    how = code(f"countersign audit verify --checkpoint {view.head}")
    return Safe(
        f":lock: {checkpoint_title(view)}, head {code(view.head)}. {how} shows later whether an entry "
        "up to here was changed or taken away."
    )


def checkpoint_broken(view: CheckpointView) -> Safe:
    """What is wrong, and what to do before anything else."""
    more = f" and {view.findings - 1} more" if view.findings > 1 else ""
    first = safe(view.first_finding or "")
    return Safe(
        f":rotating_light: *The audit does not verify.* {first}{more}.\n"
        f"Keep the database as it is, take a copy, and run {code('countersign audit verify')} for the whole list."
    )


def _day(day: date) -> str:
    return f"{day:%Y-%m-%d}"
