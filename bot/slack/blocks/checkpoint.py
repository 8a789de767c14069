"""The audit's checkpoint: one small message a day, or a loud one when the chain does not hold."""

from bot.slack import audit_words
from bot.slack.blocks.layout import Post, as_json, context, section
from bot.slack.views import CheckpointView


def checkpoint(view: CheckpointView) -> Post:
    """The head of the chain on one line; what is wrong stands above it."""
    alarm = [section(audit_words.checkpoint_broken(view))] if view.first_finding is not None else []
    blocks = as_json([*alarm, context(audit_words.checkpoint(view))])
    return Post(text=audit_words.checkpoint_title(view), blocks=blocks)
