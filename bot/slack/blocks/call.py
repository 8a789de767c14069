"""A short message in the thread that calls people: it became worse, or fires again. Edits of the root call nobody."""

from bot.slack import call_words
from bot.slack.blocks.layout import Post, as_json, section
from bot.slack.life_views import CallView


def call(view: CallView) -> Post:
    """One line, said once and never edited."""
    return Post(text=call_words.notification(view), blocks=as_json([section(call_words.called(view))]))
