"""What is said about many incidents at once."""

from bot.engine.storm import Kind
from bot.slack.storm_view import StormLine, StormView
from bot.slack.text import Plain, Safe, bold, clip, joined, plain, safe, when
from bot.slack.views import Mood
from bot.slack.words import counted, severity_mark

OPEN_THREAD = Plain("Open thread")
HAS_THREAD = Safe("it has its own thread")


def headline(view: StormView) -> Plain:
    what = counted(view.total, "incident")
    if view.kind is Kind.CATCH_UP:
        return plain(f":hourglass: While Slack could not be reached: {what}")
    mark = ":tornado:" if view.ended_at is None else ":white_check_mark:"
    return plain(f"{mark} {'Storm' if view.ended_at is None else 'The storm is over'}: {what}")


def counts(view: StormView) -> Safe:
    """Since when, how many fire, and of what kind they are."""
    since = f"{when(view.began_at)} to {when(view.ended_at)}" if view.ended_at else f"since {when(view.began_at)}"
    standing = Safe(f"{bold(f'{view.firing} firing')}, {view.total - view.firing} resolved · {since}")
    systems = joined((Safe(f"{safe(name)} {count}") for name, count in view.by_system), ", ")
    severities = joined((Safe(f"{severity_mark(name)} {safe(name)} {count}") for name, count in view.by_severity), ", ")
    return joined((standing, severities, systems), "\n")


def line(each: StormLine, *, is_over: bool) -> Safe:
    """One incident; once the storm is over, what has a thread of its own is told there."""
    said = clip(joined((bold(each.title), safe(each.says)), ": "), 400)
    if each.is_opened:
        return joined((Safe(f"• {said}"), HAS_THREAD), " · ") if is_over else _state(each, said, HAS_THREAD)
    return _state(each, said, Safe(""))


def _state(each: StormLine, said: Safe, tail: Safe) -> Safe:
    if each.mood is Mood.RESOLVED:
        return joined((Safe(f":white_check_mark: {said}"), Safe("resolved"), tail), " · ")
    mark = ":eyes:" if each.mood is Mood.ACKNOWLEDGED else severity_mark(each.severity)
    return joined((Safe(f"{mark} {said}"), when(each.opened_at), tail), " · ")


def left_out(count: int) -> Safe:
    return Safe(f"_… and {counted(count, 'more incident')}; `/billing status` lists those that are open._")


def footnote(view: StormView) -> Safe:
    if view.ended_at is not None:
        return Safe("What still fires has a thread of its own below. What has resolved is only listed here.")
    return Safe(
        "Each gets its thread when you open it, or when this is over and it still fires. "
        "Critical ones have theirs at once."
    )
