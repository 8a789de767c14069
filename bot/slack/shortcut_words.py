"""What the form says that runs a runbook by hand."""

from bot.slack.text import Plain, Safe, safe

TITLE = Plain("Run a billing runbook")
WHICH = Plain("Runbook")
RUN = Plain("Run it")
CANCEL = Plain("Cancel")
CHOOSE = Safe("Choose a runbook; what it wants to know is asked next, filled in from the message where it can be.")


def what_follows(title: str) -> Safe:
    return Safe(
        f"This opens an incident “{safe(title)}” with a thread of its own, and asks its questions. It changes nothing."
    )
