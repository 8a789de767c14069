"""What is posted when a switch is engaged or released, or when somebody must be reminded of it."""

from bot.engine.switch import Reminder
from bot.slack import switch_words
from bot.slack.blocks.layout import Post, as_json, section
from bot.slack.switch_views import SwitchView
from bot.slack.text import Safe


def engaged(view: SwitchView) -> Post:
    return _post(view, "stopped", switch_words.engaged(view))


def released(view: SwitchView, *, by: str, reason: str) -> Post:
    return _post(view, "released", switch_words.released(view, by=by, reason=reason))


def reminder(view: SwitchView, which: Reminder) -> Post:
    return _post(view, "still stopped", switch_words.reminder(view, which))


def _post(view: SwitchView, what: str, text: Safe) -> Post:
    return Post(text=switch_words.title(view, what), blocks=as_json([section(text)]))
