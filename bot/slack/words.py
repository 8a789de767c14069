"""What the bot says about an incident: plain, short, first what happened, then what you can do."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.engine.origin import Origin
from bot.slack import origin_words
from bot.slack.card_views import Offer
from bot.slack.text import Plain, Safe, bold, clip, code, is_web, joined, link, person, plain, safe, when
from bot.slack.views import AlertView, Asking, ChecklistView, Findings, Link, Mood, RootView, StepView

_SEVERITIES = {"critical": ":red_circle:", "error": ":red_circle:", "warning": ":large_orange_circle:"}

_SAME_TIME = timedelta(minutes=1)

ASKING = Safe(":hourglass_flowing_sand: Asking the runbook's questions. What they bring follows in the thread.")
ASKING_AGAIN = Safe(":hourglass_flowing_sand: Asking again …")
NOTHING_HELD = Safe("• None of the runbook's conclusions holds. Read the evidence in the thread.")
CHECKLIST = "Checklist"
PLAIN_ONLY = "_Slack would not take this message's layout, so it is shown in words. To vote: `countersign requests`._"

ACKNOWLEDGE = Plain("Acknowledge")
RERUN = Plain("Ask again")
STEP_DONE = Plain("Done")
STEP_OPEN = Plain("Undo")


def severity_mark(severity: str) -> str:
    return _SEVERITIES.get(severity.lower(), ":large_blue_circle:")


def headline(view: RootView) -> Plain:
    """The first line: how bad, where, what. A mark and a word, so that it does not rest on colour alone."""
    where = view.title if view.system.lower() in view.title.lower() else f"{view.system} · {view.title}"
    if view.mood is Mood.RESOLVED:
        return plain(f":white_check_mark: {origin_words.over(view)} · {where}")
    if (word := origin_words.begun(view.origin)) is not None:
        return plain(f"{word} · {where}")
    return plain(f"{severity_mark(view.severity)} {view.severity.upper()} · {where}")


def notification(view: RootView) -> Safe:
    """The one line of a push message or a screen reader."""
    state = origin_words.over(view) if view.mood is Mood.RESOLVED else view.severity.upper()
    return joined((safe(f"{state} {view.system}: {view.title}"), safe(view.summary)), " – ")  # noqa: RUF001


def standing(view: RootView) -> Safe:
    """Since when, until when, and whose it is."""
    if view.resolved_at is not None:
        lasted = duration(view.resolved_at - view.started_at)
        return Safe(f"{origin_words.ended(view)} {when(view.resolved_at)}, after {lasted}")
    since = Safe(f"{origin_words.state(view)} since {when(view.started_at)}{_again(view.reopenings)}")
    if view.acknowledged_by is None or view.acknowledged_at is None:
        return since
    return Safe(f"{since} · :eyes: *acknowledged* by {person(view.acknowledged_by)} {when(view.acknowledged_at)}")


def _again(reopenings: int) -> str:
    if reopenings == 0:
        return ""
    return f" · :repeat: fired again {'once' if reopenings == 1 else f'{reopenings} times'}"


def counts(view: RootView) -> Safe:
    """How many of the alerts fire, and how many Alertmanager cut."""
    if len(view.alerts) < 2 and not view.truncated:
        return Safe("")  # the state has said it
    if view.origin is Origin.OPS_EVENTS:
        return Safe(f"{len(view.alerts)} events")
    firing = sum(alert.is_firing for alert in view.alerts)
    resolved = len(view.alerts) - firing
    parts = [Safe(f"{firing} of {len(view.alerts)} firing" if resolved and firing else f"{firing} firing")]
    if not firing:
        parts = [Safe(f"all {resolved} resolved")]
    if view.truncated:
        parts.append(Safe(f"and {view.truncated} more that Alertmanager cut"))
    return joined(parts, ", ")


def origin(view: RootView) -> Safe:
    told = f" · Alertmanager: {clip(safe(view.told_because), 80)}" if view.told_because else ""
    return Safe(f"{code(view.event)}{told}")


def alert_line(alert: AlertView, *, since: datetime) -> Safe:
    """One of many; when it began is said where that is not when the incident did."""
    if alert.is_firing and abs(alert.started_at - since) < _SAME_TIME:
        return Safe(f"• {safe(alert.says)}")
    if alert.is_firing:
        return Safe(f"• {safe(alert.says)} · since {when(alert.started_at)}")
    if alert.ended_at is None:
        return Safe(f":white_check_mark: {safe(alert.says)} · resolved")
    lasted = duration(alert.ended_at - alert.started_at)
    return Safe(f":white_check_mark: {safe(alert.says)} · resolved {when(alert.ended_at)}, after {lasted}")


def more(left: int, what: str) -> Safe:
    return Safe(f"_… and {left} more {what}_")


def findings(found: Findings) -> list[Safe]:
    """The conclusions, a line each: what holds, what to keep off, what could not be judged."""
    lines = _concluded(found) if found.is_concluded else []
    if found.asking is Asking.RUNNING:
        lines.append(ASKING_AGAIN if lines else ASKING)
    if found.asking is Asking.FAILED:
        why = safe(found.error or "an error of our own")
        lines.append(Safe(f":warning: The questions could not be asked: {why}. “{RERUN}” tries once more."))
    return lines


def _concluded(found: Findings) -> list[Safe]:
    at = f" {when(found.at)}" if found.at else ""
    lines = [Safe(f"*What we found*{at}"), *(Safe(f"• {safe(said)}") for said in found.held)]
    if not found.held:
        lines.append(NOTHING_HELD)
    if found.warned:
        names = joined(map(bold, found.warned), ", ")
        lines.append(Safe(f":warning: The runbook warns against {names} as things stand."))
    if found.unjudged:
        conclusions = counted(len(found.unjudged), "conclusion")
        lines.append(Safe(f":grey_question: {conclusions} could not be judged; the thread says which and why."))
    if found.unanswered:
        questions = counted(found.unanswered, "question")
        lines.append(Safe(f":warning: {questions} got no answer; the thread says which and why."))
    if found.is_outdated and found.asking is not Asking.RUNNING:
        lines.append(Safe(f":arrows_counterclockwise: An action has run since then. “{RERUN}” brings this up to date."))
    return lines


def offer_label(offer: Offer) -> Plain:
    return plain(f"⚠ {offer.label}" if offer.caution else offer.label)


def caution(offer: Offer) -> tuple[Plain, Safe, Plain, Plain]:
    """Title, text, yes and no of the dialog before an action the runbook warns against."""
    text = Safe(f"The runbook warns against this now: {safe(offer.caution)} Ask for it all the same?")
    return plain(offer.label), text, Plain("Ask for it"), Plain("Leave it")


def other_actions(shown: int, of: int) -> Plain:
    return Plain("Other actions …" if shown == of else f"Other actions ({shown} of {of}) …")


def link_line(links: Sequence[Link]) -> Safe:
    return joined((link(each.url, each.label) for each in links), " · ")


def checklist_title(view: ChecklistView) -> Safe:
    """What it is, whether its order matters, and how far it is."""
    order = ", in this order" if view.is_ordered else ""
    how_far = f" · {len(view.done)} of {len(view.items)} done" if view.done else ""
    return Safe(f"{bold(f'{CHECKLIST}{order}')}{how_far}")


def step_done(step: StepView) -> Safe:
    """Who did it and when, and what they passed over."""
    over = f" · :warning: before step {step.skipped}" if step.skipped is not None else ""
    return Safe(f"{person(step.person)} {when(step.at)}{over}")


def passed_over(number: int, skipped: tuple[int, str]) -> Safe:
    """For the person who ticked a step before its turn."""
    open_, text_ = skipped
    return Safe(
        f":warning: Step {number} is ticked, but step {open_} before it is open: _{clip(safe(text_), 300)}_\n"
        "The order matters here. Do that one too, or take the tick back."
    )


def checklist_item(number: int, item: str) -> Safe:
    return Safe(f"{number}. {safe(item)}")


def guide(view: ChecklistView) -> Safe:
    """Where a human reads more: a link, or a place in the repository."""
    if not view.guide:
        return Safe("")
    return Safe(f"Read more: {link(view.guide, view.title) if is_web(view.guide) else code(view.guide)}")


def label(name: str) -> str:
    """A snake_case name as people read it."""
    return name.replace("_", " ")


def counted(count: int, what: str) -> str:
    """`1 row`, `12 rows`, `1,200 rows`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def duration(length: timedelta) -> str:
    """The two largest units: `3 d 4 h`, `12 min`, `40 s`."""
    seconds = max(0, int(length.total_seconds()))
    parts = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    told = [f"{amount} {unit}" for amount, unit in parts if amount]
    return " ".join(told[:2]) or "0 s"


def late(since: datetime, now: datetime) -> str:
    return duration(now - since)
