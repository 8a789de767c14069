"""What the bot answers to one person: refusals, what happened since, and the slash command."""

import re
from collections.abc import Sequence

from bot.desk import Cause, Declined
from bot.engine.approval import Why
from bot.slack.answer_views import OpenIncident, OpenRequest, OpenReview
from bot.slack.places import address
from bot.slack.text import Plain, Safe, bold, code, joined, link, person, safe, when
from bot.slack.words import counted, severity_mark

_MENTION = re.compile(r"&lt;@([UW][A-Z0-9]{1,30})&gt;")

OLD_CARD = frozenset(
    {
        Why.SETTLED,
        Why.EXPIRED,
        Why.DIGEST_DIFFERS,
        Why.PREPARING,
        Why.ALERT_RESOLVED,
        Why.ALERT_SILENCED,
        Why.NOT_POSSIBLE,
        Why.TARGETS_CHANGED,
        Why.REVIEWED,
        Cause.ALREADY_ASKED,
        Cause.NOT_RUNNING,
        Cause.NOT_UNKNOWN,
        Cause.NOT_RESUMABLE,
        Cause.ALREADY_ACKNOWLEDGED,
        Cause.ALREADY_RUNNING,
        Cause.ALREADY_SILENCED,
        Cause.NOT_SILENCED,
        Cause.NOT_FIRING,
    }
)
"""Refusals that mean: what was clicked is no longer how things stand."""

NOT_OFFERED = Safe("This action is not offered any more. The message above has been brought up to date.")
NOT_UNDERSTOOD = Safe("I did not understand that click. Nothing was done.")

ASK = Plain("Ask for it")
CANCEL = Plain("Cancel")
CLOSE = Plain("Close")
DENY = Plain("Deny")
REASON = Plain("Why should this be done?")
DENY_REASON = Plain("Why not?")
DENY_TITLE = Plain("Deny this request")
DENY_HINT = Plain("It goes onto the card and into the record.")
SETTLE = Plain("Say so")
SETTLE_REASON = Plain("How do you know?")
SETTLE_HINT = Plain("What you looked at, and what it showed. It goes onto the card and into the record.")
TOOK_EFFECT_TITLE = Plain("It took effect")
NO_EFFECT_TITLE = Plain("It did not take effect")
DURATION_HINT = Plain("A length of time: 90s, 15m, 3h, 1d")
NOT_POSSIBLE = Plain("Not possible")
ONE_MOMENT = Plain("One moment …")
MAKING = Safe(":hourglass_flowing_sand: Looking up what this form starts with.")
DONE = Plain("Done")
IN_THREAD = Safe("Nothing more is needed from you. What follows stands in the thread.")
YES = Plain("Yes")
NO = Plain("No")


def said(declined: Declined) -> Safe:
    """A refusal as markup; the people it names are mentioned."""
    return Safe(_MENTION.sub(r"<@\1>", safe(declined.say)))


def since(declined: Declined, stands: Safe) -> Safe:
    """A refusal to a click on something old, and what happened since."""
    return Safe(f"{said(declined)}\nIt now stands: {stands}") if stands else said(declined)


def failed(error: str) -> Safe:
    return Safe(f"This could not be done: {safe(error)}. Try again in a minute.")


def caution(text: str) -> Safe:
    return Safe(f":warning: The runbook warns against this now: {safe(text)}")


def needs(count: int) -> Safe:
    return Safe(
        f"Nothing runs yet. {counted(count, 'other person').replace('persons', 'people')} must approve it first."
    )


def settles(*, took_effect: bool) -> Safe:
    """What follows from what somebody is about to say."""
    if took_effect:
        return Safe("If this was its last call, the effect is verified next. Otherwise it ends here: no more is tried.")
    return Safe("The action then counts as failed. Nothing is tried again; ask anew if it is still needed.")


def status(incidents: Sequence[OpenIncident], *, behind: int, trouble: str | None) -> Safe:
    """Open incidents, and what has not reached Slack yet."""
    lines = [incident_line(each) for each in incidents[:15]]
    if not lines:
        lines = [Safe(":white_check_mark: No incident is open.")]
    if len(incidents) > 15:
        lines.append(Safe(f"_… and {len(incidents) - 15} more_"))
    if behind:
        why = f" ({safe(trouble)})" if trouble else ""
        lines.append(Safe(f":hourglass_flowing_sand: {counted(behind, 'message')} not in Slack yet{why}."))
    return joined(lines, "\n")


def requests(waiting: Sequence[OpenRequest], *, reviews: Sequence[OpenReview] = ()) -> Safe:
    """What waits for approval, and what was run alone and waits for a review."""
    lines = [_request(each) for each in waiting[:15]] or [Safe("Nothing waits for approval.")]
    if len(waiting) > 15:
        lines.append(Safe(f"_… and {len(waiting) - 15} more_"))
    lines += [_review(each) for each in reviews[:15]]
    if len(reviews) > 15:
        lines.append(Safe(f"_… and {len(reviews) - 15} more reviews_"))
    return joined(lines, "\n")


def _review(each: OpenReview) -> Safe:
    by = f"run alone by {person(each.person)} {when(each.at)}"
    return Safe(f":rotating_light: *{safe(each.label)}* for {safe(each.title)} · {by} · needs a review")


def incident_line(each: OpenIncident) -> Safe:
    """What it is, whose, since when, and who has it."""
    mark = severity_mark(each.severity)
    whose = f" · :eyes: {person(each.acknowledged_by)}" if each.acknowledged_by else ""
    title = f"*{link(address(*each.place), each.title)}*" if each.place else bold(each.title)
    return Safe(f"{mark} {title} · {safe(each.system)} · {code(each.id[:8])} · since {when(each.started_at)}{whose}")


def _request(each: OpenRequest) -> Safe:
    until = f" · expires {when(each.expires_at)}" if each.expires_at else ""
    missing = counted(each.missing, "approval")
    by = person(each.requester)
    return Safe(f":raised_hand: *{safe(each.label)}* for {safe(each.title)} · by {by} · {missing} missing{until}")
