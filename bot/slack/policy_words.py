"""What the bot says about approvals out of the ordinary: severe, unusual, calmed down, or by one person alone."""

import re

from bot.engine.request import Standing
from bot.slack.policy_views import ApproveView, Broken, BrokenView, PolicyView
from bot.slack.text import Plain, Safe, bold, clip, clip_plain, joined, person, plain, safe, when

_USERGROUP = re.compile(r"S[A-Z0-9]{1,30}")

ANYWAY = {
    Standing.RESOLVED: Plain("Approve although resolved"),
    Standing.SILENCED: Plain("Approve although silenced"),
}
_CALMED = {
    Standing.RESOLVED: "The alert has resolved since this was asked. It may not be needed any more.",
    Standing.SILENCED: "Somebody has silenced the alert since this was asked. It may not be wanted any more.",
}

BREAK_GLASS = Plain("Break glass …")
BREAK_GLASS_TITLE = Plain("Break glass")
BREAK_GLASS_REASON = Plain("Why can it not wait for somebody else?")
BREAK_GLASS_HINT = Plain("It goes into the channel and into the record.")
RUN_ALONE = Plain("Run it alone")
APPROVE = Plain("Approve")
APPROVE_TITLE = Plain("Approve a severe action")
APPROVE_WITH_CODE_TITLE = Plain("Approve with a code")
CODE = Plain("Code")
CODE_HINT = Plain("What your authenticator app shows now. It is good once, and is not kept.")
REVIEWED = Plain("Reviewed")


def notices(view: PolicyView) -> list[Safe]:
    """What the people who vote should know beside what is touched."""
    lines = [Safe(f":straight_ruler: {clip(safe(why), 300)}: one more approver.") for why in view.unusual]
    lines += [Safe(f":clock9: Not now: {clip(safe(why), 400)}.") for why in view.warnings]
    if view.is_alert_unknown:
        told = "Whether somebody has silenced the alert is not known: Alertmanager does not say."
        lines.append(Safe(f":grey_question: {told}"))
    if view.calmed in _CALMED:
        lines.append(Safe(f":bell: {_CALMED[view.calmed]}"))
    if view.wants_phrase:
        lines.append(Safe(":lock: Severe: each approver types its phrase."))
    return lines


def broken(view: Broken) -> Safe:
    """Who ran it alone, and whether somebody has looked at that since."""
    told = Safe(f":rotating_light: *Break-glass*: run alone by {person(view.person)} {when(view.at)}")
    why = Safe(f"> {safe(clip_plain(plain(view.reason), 500))}")
    if view.reviewer is None or view.reviewed_at is None:
        return joined((told, why, Safe("*Needs a review* by an approver who neither asked for it nor ran it.")), "\n")
    review = Safe(f":white_check_mark: Reviewed by {person(view.reviewer)} {when(view.reviewed_at)}")
    return joined((told, why, review), "\n")


def broken_notification(view: BrokenView) -> Safe:
    done = "reviewed" if view.broken.reviewer else "needs a review"
    return Safe(f":rotating_light: Break-glass: {safe(view.label)} was run by one person alone · {done}")


def broken_title(view: BrokenView) -> Safe:
    return Safe(f":rotating_light: *Break-glass* · {bold(view.label)} · {safe(view.risk)}\nfor {bold(view.title)}")


def called(view: BrokenView) -> Safe:
    """Who is called to review it; nobody any more once that is done."""
    if view.broken.reviewer is not None:
        return Safe("")
    return joined((mention(each) for each in view.broken.asks), " ")


def needs_review(label: str) -> Safe:
    """A line of the root message, until it is done."""
    return Safe(f":rotating_light: {bold(label)} was run by one person alone and *needs a review*")


def review_dialog(label: str) -> tuple[Plain, Safe, Plain, Plain]:
    text = Safe(f"You have looked at what {bold(label)} did, and countersign it. Your name goes into the record.")
    return Plain("Reviewed?"), text, REVIEWED, Plain("Not yet")


def wrong_phrase(phrase: str) -> Plain:
    return plain(f"Type: {phrase}")


def what_follows(view: ApproveView) -> Safe:
    """What the form's button does."""
    if view.is_alone:
        return Safe(
            f"This runs {bold(view.label)} at once, without anybody else's approval. The channel is told, its "
            "approvers are called, and somebody else has to review it."
        )
    what = ", a severe action" if view.phrase is not None else ""
    return Safe(f"You countersign {bold(view.label)}{what}. Your name goes into the record.")


def phrase_label(phrase: str) -> Plain:
    return plain(f"Type: {phrase}")


def mention(id_: str) -> Safe:
    """A member or a usergroup, called."""
    return Safe(f"<!subteam^{id_}>") if _USERGROUP.fullmatch(id_) else person(id_)
