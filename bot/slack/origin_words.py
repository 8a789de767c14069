"""How an incident came to be and how it ended, where no alert says so."""

from bot.engine.origin import Origin
from bot.slack.text import Plain, Safe, code, person
from bot.slack.views import RootView

CLOSE = Plain("Close")

_BEGUN = {
    Origin.OPS_EVENTS: None,  # an event of the host is as grave as its rule says, like an alert
    Origin.SCHEDULE: Plain(":calendar: DIGEST"),
    Origin.BY_HAND: Plain(":mag: RUN BY HAND"),
}


def begun(origin: Origin) -> Plain | None:
    """What stands before the title in place of a severity, which nothing gave it."""
    return _BEGUN.get(origin)


def over(view: RootView) -> Plain:
    return Plain("RESOLVED" if view.origin.fires else "CLOSED")


def state(view: RootView) -> Safe:
    """While it goes on."""
    if view.is_doubted:
        return Safe("*Open again*, for what was done could not be verified; going on")
    match view.origin:
        case Origin.ALERTMANAGER:
            return Safe("*Firing*")
        case Origin.OPS_EVENTS | Origin.VERIFICATION:
            return Safe("*Open*")
        case Origin.SCHEDULE:
            return Safe(f"*Open*, by the schedule {code(view.opened_by or 'of the rules file')},")
        case Origin.BY_HAND:
            return Safe(f"*Open*, by {person(view.opened_by or 'somebody')},")


def ended(view: RootView) -> Safe:
    """How it came to an end; who closed it, if somebody did."""
    if view.closed_by is None:
        return Safe("*Resolved*")
    return Safe(f"*Closed* by {person(view.closed_by)}")
