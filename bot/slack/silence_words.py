"""What the bot says about silences: until when, by whom, and that nothing is heard of an alert meanwhile."""

from bot.slack.answer_views import SilenceForm
from bot.slack.life_views import Hush, SilenceView
from bot.slack.text import Plain, Safe, bold, clip, clip_plain, code, joined, person, plain, safe, when

SILENCE = Plain("Silence …")
UNSILENCE = Plain("Unsilence")
SUBMIT = Plain("Silence")
TITLE = Plain("Silence this alert")
LENGTH = Plain("For how long?")
REASON = Plain("Why?")
REASON_HINT = Plain("It stands on the message, in Alertmanager and in the record.")
LENGTHS = {
    "15m": Plain("15 minutes"),
    "30m": Plain("30 minutes"),
    "1h": Plain("1 hour"),
    "2h": Plain("2 hours"),
    "4h": Plain("4 hours"),
    "8h": Plain("8 hours"),
    "1d": Plain("1 day"),
    "3d": Plain("3 days"),
    "7d": Plain("7 days"),
}
USUAL = "2h"


NO_NEWS = Safe("_Alertmanager sends no news of it meanwhile; its end shows here some minutes late._")


def line(view: SilenceView) -> Safe:
    """In the root message."""
    until = when(view.until)
    by = person(view.person)
    why = f": {safe(clip_plain(plain(view.reason), 300))}" if view.reason else ""
    match view.hush:
        case Hush.WANTED:
            late = f" Not done yet: {clip(safe(view.trouble), 200)}; it is tried again." if view.trouble else ""
            return Safe(f":no_bell: Being silenced until {until} by {by}{why}.{late}")
        case Hush.LIFTING:
            late = f" Not done yet: {clip(safe(view.trouble), 200)}; it is tried again." if view.trouble else ""
            return Safe(f":bell: The silence of {by} is being lifted.{late}")
        case Hush.FAILED:
            return Safe(f":warning: {bold('Not silenced')}: {clip(safe(view.trouble or ''), 300)}. Asked by {by}.")
        case Hush.ACTIVE:
            where = "" if view.is_ours else " in Alertmanager"
            return Safe(f":no_bell: *Silenced* until {until} by {by}{where}{why}")


def covers(form: SilenceForm) -> Safe:
    """Which alerts fall silent, those that are yet to come included."""
    pairs = joined((Safe(f"• {clip(code(f'{name}={value}'), 200)}") for name, value in form.matchers[:15]), "\n")
    head = Safe(f"Alertmanager tells nobody of alerts that have all of this, also new ones, for {bold(form.title)}:")
    left = len(form.matchers) - 15
    return joined((head, pairs, Safe(f"_… and {left} more labels_" if left > 0 else "")), "\n")


def unsilence_dialog() -> tuple[Plain, Safe, Plain, Plain]:
    text = Safe("From then on Alertmanager tells of these alerts again.")
    return Plain("Lift the silence?"), text, UNSILENCE, Plain("Leave it")
