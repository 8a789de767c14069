"""What the Home says."""

from bot.slack.home_view import HomeView, Waiting
from bot.slack.places import address
from bot.slack.text import Plain, Safe, bold, clip, joined, link, person, safe, when
from bot.slack.words import counted

INCIDENTS = Plain("Open incidents")
WAITING = Plain("Requests that wait for you")
SWITCHES = Plain("Switches")
NOTHING_OPEN = Safe(":white_check_mark: No incident is open.")
NOTHING_STOPPED = Safe(":white_check_mark: No switch is engaged.")
RUN = Plain("Run a runbook …")
HOW = Safe("Everything else is in an incident's thread, or `/billing help`.")


def nothing_waits(view: HomeView) -> Safe:
    others = f" {counted(view.others, 'request')} wait for somebody else." if view.others else ""
    return Safe(f":white_check_mark: Nothing waits for you.{others}")


def waiting(each: Waiting) -> Safe:
    """What it would do, for whom, and where its card is, which says it all."""
    title = joined((bold(each.label), safe(each.title)), " for ")
    touches = Safe(f"Touches {counted(each.targets, 'target')}.")
    until = Safe(f"Expires {when(each.expires_at)}.") if each.expires_at else Safe("")
    card = link(address(*each.place), "Look at its card first") if each.place else Safe("")
    by = Safe(f":raised_hand: {title} · by {person(each.requester)}")
    return joined((by, clip(safe(each.says), 600), joined((touches, until, card), " ")), "\n")


def notice(text: Safe) -> Safe:
    return Safe(f":information_source: {text}")
