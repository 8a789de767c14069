"""What the bot says about letting the rest of an ended execution go on."""

from bot.engine.resumption import State
from bot.slack.policy_views import GoingOnView
from bot.slack.text import Plain, Safe, clip, clip_plain, code, joined, person, plain, safe, when
from bot.slack.words import counted

RESUME = Plain("Go on …")
TITLE = Plain("Go on with the rest")
REASON = Plain("Why may it go on?")
HINT = Plain("What you looked at, and what it showed. It goes onto the card and into the record.")
ASK = Plain("Ask for it")
WHAT_FOLLOWS = Safe(
    "Nothing goes on by this alone: as many people as approved the whole have to approve the rest, and neither you nor "
    "the requester is one of them. What is done is not done again."
)

_SAID = {
    State.APPROVED: "Approved to go on",
    State.STARTED: "Went on",
    State.DENIED: "Does not go on: denied",
    State.EXPIRED: "Did not go on",
    State.REFUSED: "Did not go on",
    State.SUPERSEDED: "Did not go on: there is a newer card for what is left",
}


def going_on(view: GoingOnView) -> Safe:
    """Who asked for it, what of it is done and left, and what became of that."""
    asked = f":arrow_forward: {person(view.person)} asked {when(view.at)} that it goes on"
    done = f"{counted(view.done, 'call')} done, {counted(view.left, 'target')} left"
    named = joined((clip(code(each), 80) for each in view.passed[:3]), ", ")
    more = f" and {len(view.passed) - 3} more" if len(view.passed) > 3 else ""
    without = f", without {named}{more} that failed" if view.passed else ""
    head = Safe(f"{asked}: {done}{without}." if view.state is State.OPEN else f"{asked}.")
    why = Safe(f"> {safe(clip_plain(plain(view.reason), 500))}")
    before = joined(map(person, view.approvers), ", ")
    earlier = f"The whole was approved by {before}; this takes approvals of its own." if view.approvers else ""
    return joined((head, why, Safe(earlier if view.state is State.OPEN else ""), _became(view)), "\n")


def _became(view: GoingOnView) -> Safe:
    if view.state is State.OPEN:
        return Safe("")
    at = f" {when(view.settled_at)}" if view.settled_at else ""
    note = f": {clip(safe(view.note), 400)}" if view.note else ""
    return Safe(f"{_SAID[view.state]}{at}{note}")
