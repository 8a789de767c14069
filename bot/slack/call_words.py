"""What the bot says when it calls people into a thread."""

from bot.slack.life_views import Call, CallView
from bot.slack.policy_words import mention
from bot.slack.text import Safe, bold, clip, joined, safe
from bot.slack.words import severity_mark

_MOST = 10  # people in one call


def notification(view: CallView) -> Safe:
    """The one line of a push message or a screen reader."""
    match view.call:
        case Call.WORSE:
            return clip(Safe(f"Now {safe(view.severity.upper())}: {safe(view.title)}"), 300)
        case Call.AGAIN:
            return clip(Safe(f"Fires again: {safe(view.title)}"), 300)
        case Call.UNPROVEN:
            return clip(Safe(f"Done, but not verified: {safe(view.title)}"), 300)


def called(view: CallView) -> Safe:
    """What happened, and who is called."""
    people = joined((mention(each) for each in view.people[:_MOST]), " ")
    return joined((_happened(view), people), "\n")


def _happened(view: CallView) -> Safe:
    match view.call:
        case Call.WORSE:
            was = f", it was {safe(view.was)}" if view.was else ""
            title = clip(safe(view.title), 300)  # it may be read in the channel, far from its thread
            return Safe(f"{severity_mark(view.severity)} It has become {bold(view.severity)}{was}: {title}")
        case Call.AGAIN:
            often = f" It flaps: that was the {view.times}th time." if view.times > 3 else ""
            return Safe(f":repeat: *It fires again*, and nobody has acknowledged it since.{often}")
        case Call.UNPROVEN:
            return Safe(
                f":warning: {bold(view.title)} was carried out, and its check did not come true in time. "
                "Somebody has to look, whatever its alert says."
            )
