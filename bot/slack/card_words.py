"""What the bot says about a request, from the first click to the check of its effect."""

from bot.engine.runbook import Risk
from bot.slack.card_views import CardView, Offer, Phase, Progress, Stage, Touched, VoteView
from bot.slack.text import Plain, Safe, bold, clip, clip_plain, code, joined, person, plain, safe, when
from bot.slack.words import counted, label

APPROVE = Plain("Approve")
DENY = Plain("Deny …")

_STAGES: dict[Stage, tuple[str, str]] = {
    Stage.PREPARING: (":hourglass_flowing_sand:", "preparing"),
    Stage.OPEN: (":raised_hand:", "waiting for approval"),
    Stage.APPROVED: (":ballot_box_with_check:", "approved, about to run"),
    Stage.DENIED: (":no_entry_sign:", "denied"),
    Stage.EXPIRED: (":zzz:", "expired"),
    Stage.SUPERSEDED: (":arrows_counterclockwise:", "replaced by a newer request"),
    Stage.REFUSED: (":no_entry_sign:", "not possible"),
    Stage.RUNNING: (":gear:", "running"),
    Stage.VERIFYING: (":mag:", "done, being verified"),
    Stage.FAILED: (":x:", "failed"),
    Stage.STOPPED: (":octagonal_sign:", "stopped"),
    Stage.UNKNOWN: (":grey_question:", "outcome unknown"),
    Stage.VERIFIED: (":white_check_mark:", "done and verified"),
    Stage.NOT_VERIFIED: (":warning:", "done, but not verified"),
}

_COURSES = {
    Stage.PREPARING: "Looking at what it would touch. Nothing is changed by that.",
    Stage.OPEN: "",
    Stage.APPROVED: "",
    Stage.DENIED: "Nothing was done.",
    Stage.EXPIRED: "Nothing was done. Ask again if it is still needed.",
    Stage.SUPERSEDED: "What it would touch has changed. Nothing was done; vote on the newer card.",
    Stage.REFUSED: "Nothing was done.",
    Stage.RUNNING: "Running since",
    Stage.VERIFYING: "It was carried out.",
    Stage.FAILED: "It failed and is not tried again. Look at the target before you ask anew.",
    Stage.STOPPED: "It was stopped. What was done stays done; the rest was not tried.",
    Stage.UNKNOWN: (
        "It was sent, but no trustworthy answer came back. It may have taken effect, so it is not repeated. "
        "Look at the target first."
    ),
    Stage.VERIFIED: "It was carried out, and the check held:",
    Stage.NOT_VERIFIED: "It was carried out, but the check did not come true in time. Look at the target.",
}

_RISKS = {
    Risk.LOW: "low risk",
    Risk.HIGH: "high risk",
    Risk.SEVERE: "severe risk",
}


def title(label: str, stage: Stage) -> Safe:
    """What is asked for, and how far it is."""
    mark, words = _STAGES[stage]
    return Safe(f"{mark} {bold(label)} · {words}")


def stage_words(stage: Stage) -> Safe:
    """How far it is, without what is asked for."""
    return Safe(_STAGES[stage][1])


def notification(view: CardView) -> Safe:
    return Safe(f"{safe(view.label)}: {_STAGES[view.stage][1]}")


def asked_by(view: CardView) -> Safe:
    asked = Safe(f"Asked by {person(view.requester)} {when(view.requested_at)} · {_RISKS[view.risk]}")
    reason = clip_plain(plain(view.reason or ""), 500)
    return Safe(f"{asked}\n> {safe(reason)}") if reason else asked


def touches(touched: Touched) -> Safe:
    """How many things would be touched, the first of them, and what they are worth."""
    sample = joined((clip(code(each), 80) for each in touched.sample), ", ")
    left = touched.count - len(touched.sample)
    others = f" and {left:,} more" if touched.sample and left > 0 else ""
    told = Safe(f"*Touches* {counted(touched.count, 'target')}{': ' if sample else ''}{sample}{others}")
    sums = joined((safe(each) for each in touched.sums), ", ")
    worth = Safe(f"*Worth* {sums}" if sums else "")
    oldest = _oldest(touched)
    details = joined((Safe(f"{safe(name)} {clip(safe(value), 120)}") for name, value in touched.details), " · ")
    reasons = joined((safe(each) for each in touched.left_out), ", ")
    left_out = Safe(f"*Leaves out* {reasons}" if reasons else "")
    return joined((told, details, joined((worth, oldest), " · "), left_out), "\n")


def _oldest(touched: Touched) -> Safe:
    if touched.oldest is None:
        return Safe("")
    if touched.ahead is not None:
        return Safe(f"*Earliest* {safe(touched.ahead)} {when(touched.oldest)}")
    return Safe(f"*Oldest* {when(touched.oldest)}")


def inputs(view: CardView) -> Safe:
    pairs = (Safe(f"{safe(name)}: {clip(code(value), 150)}") for name, value in view.inputs)
    return Safe(f"*With* {joined(pairs, ' · ')}") if view.inputs else Safe("")


def afterwards(view: CardView) -> Safe:
    """What is expected to be so then, and whether it can be taken back."""
    if view.touched is None:
        return Safe("")  # nothing is known yet
    goal = Safe(f"*Afterwards* {safe(view.goal)}" if view.goal else "")
    if view.undoes is None:
        back = Safe("*Cannot be taken back* by this bot")
    else:
        how = "Can be taken back" if view.is_reversible else "Can be taken back in part"
        back = Safe(f"*{how}* with {bold(view.undoes)}")
    return joined((goal, back), "\n")


def calls(view: CardView, *, most: int) -> Safe:
    """What will be sent or run, as far as it can be said beforehand."""
    if not view.calls:
        return Safe("")
    told = joined((Safe(f"• {clip(code(call), 600)}") for call in view.calls[:most]), "\n")
    left = len(view.calls) - most
    return Safe(f"*Will run*\n{told}" + (f"\n_… and {left} more_" if left > 0 else ""))


def preview(text: str) -> Safe:
    return Safe(f"*Preview* {clip(safe(text), 800)}")


def preview_failed(message: str) -> Safe:
    return Safe(f":warning: *Preview* has no answer: {clip(safe(message), 300)}")


PREVIEW = "Preview"


def still_needs(view: CardView) -> Safe:
    """How many approvals are missing, whose they may be, and until when."""
    given = sum(vote.is_approval for vote in view.votes)
    missing = max(0, view.needs - given)
    groups = joined((safe(label(group)) for group in view.approvers), " or ")
    by = f" from {groups}" if groups else ""
    until = f" · expires {when(view.expires_at)}" if view.expires_at else ""
    asker = " or who asks for it" if view.going_on else ""
    return Safe(f"*Needs* {counted(missing, 'approval')}{by}, not from the requester{asker}{until}")


def vote(each: VoteView) -> Safe:
    did = ":thumbsup: Approved" if each.is_approval else ":thumbsdown: Denied"
    why = f": {clip(safe(each.reason), 300)}" if each.reason else ""
    anyway = ", although the alert had calmed down" if each.is_anyway else ""
    return Safe(f"{did} by {person(each.person)} {when(each.at)}{anyway}{why}")


def digest(view: CardView) -> Safe:
    if not view.digest:
        return Safe("")
    meaning = ": a vote is for exactly what stands here." if view.stage is Stage.OPEN else ""
    return Safe(f"Digest {code(view.digest[:8])}{meaning}")


def progress(view: CardView) -> Safe:
    """What became of it, and what a person should do now."""
    at = {Stage.RUNNING: view.started_at, Stage.VERIFIED: view.verified_at}.get(view.stage)
    course = joined((Safe(_COURSES[view.stage]), when(at) if at else Safe("")), " ")
    is_told = view.stage is Stage.DENIED and view.votes  # by the vote's own line
    is_said = view.stage is Stage.VERIFIED and view.goal is not None  # by the goal, in plain words
    why = Safe("") if is_told or is_said else clip(safe(view.outcome or view.note or ""), 900)
    checking = _verifying(view) if view.stage is Stage.VERIFYING else Safe("")
    goal = Safe(safe(view.goal) if view.goal and view.stage is Stage.VERIFIED else "")
    return joined((course, goal, _how_far(view), why, checking), "\n")


def _how_far(view: CardView) -> Safe:
    """How many of its calls are done, and what it is about."""
    if view.stage is not Stage.RUNNING or view.progress is None:
        return Safe("")
    far = view.progress
    told = Safe(f"{far.done:,} of {far.total:,} done · {_phase(far)}")
    if view.stopped_by is None:
        return told
    return Safe(f"{told}\n:octagonal_sign: Being stopped by {person(view.stopped_by)}: no further call begins.")


def _phase(far: Progress) -> str:
    match far.phase:
        case Phase.CALLS:
            return "one call after the other"
        case Phase.CANARY:
            return f"canary, before {counted(far.batches - 1, 'batch').replace('batchs', 'batches')}"
        case Phase.BATCH:
            return f"batch {far.batch - 1} of {far.batches - 1}"
        case Phase.CHECKING:
            return "checking what it did, before it goes on"


def stopped_by(view: CardView) -> Safe:
    return Safe(f"Stopped by {person(view.stopped_by)}" if view.stopped_by and view.stage is Stage.STOPPED else "")


STOP = Plain("Stop")
TOOK_EFFECT = Plain("It took effect …")
NO_EFFECT = Plain("It did not …")


def stop_dialog() -> tuple[Plain, Safe, Plain, Plain]:
    text = Safe("The call under way ends, and no further one begins. What is done stays done.")
    return Plain("Stop this?"), text, STOP, Plain("Let it run")


def undo_label(offer: Offer) -> Plain:
    return plain(f"Undo: {offer.label}")


def undo_dialog(offer: Offer) -> tuple[Plain, Safe, Plain, Plain]:
    text = Safe(f"This asks for {bold(offer.label)}. It too needs somebody else's approval.")
    return Plain("Undo this?"), text, Plain("Ask for it"), Plain("Leave it")


def approve_dialog(view: CardView) -> tuple[Plain, Safe, Plain, Plain]:
    """Title, text, yes and no of the question before a vote."""
    touched = f" It touches {counted(view.touched.count, 'target')}." if view.touched else ""
    number = f" Digest {safe(view.digest[:8])}." if view.digest else ""
    text = Safe(f"You countersign {bold(view.label)}.{touched}{number} Your name goes into the record.")
    return Plain("Approve this?"), text, APPROVE, Plain("Not yet")


def _verifying(view: CardView) -> Safe:
    until = f", at the latest until {when(view.verify_until)}" if view.verify_until else ""
    if view.goal:
        return Safe(f"Checking{until}: {safe(view.goal)}")
    return Safe(f"Checking for {clip(code(view.verifies), 300)}{until}." if view.verifies else f"Being checked{until}.")
