"""The message in the channel that says somebody ran an action alone; it stays until somebody else has reviewed it."""

from slack_sdk.models.blocks import Block

from bot.slack import policy_words as words
from bot.slack.blocks.layout import Post, actions, as_json, button, confirm, sections
from bot.slack.policy_views import BrokenView


def review_row(request_id: str, label: str) -> Block:
    """The button by which somebody else countersigns afterwards."""
    title, text, yes, no = words.review_dialog(label)
    sure = confirm(title=title, text=text, yes=yes, no=no)
    review = button(words.REVIEWED, action_id="review", value=f"{request_id}:review", style="primary", confirm=sure)
    return actions([review], block_id="review")


def broken(view: BrokenView) -> Post:
    """Loud while it needs a review, quiet after."""
    blocks = sections([words.broken_title(view), words.broken(view.broken), words.called(view)])
    if view.broken.reviewer is None:
        blocks.append(review_row(view.request_id, view.label))
    return Post(text=words.broken_notification(view), blocks=as_json(blocks))
