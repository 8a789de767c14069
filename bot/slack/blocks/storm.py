"""The one message of a storm: how many of what, and a list from which threads are opened."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from bot.slack import storm_words as words
from bot.slack.blocks.layout import Post, beside, button, context, first_that_fits, header, section
from bot.slack.storm_view import StormLine, StormView
from bot.slack.text import Safe

OPEN_THREAD = "open_thread"
"""The action of its buttons, with a number each; their value is `<incident>:open_thread`."""

_SIZES = (40, 25, 15, 8, 3)  # incidents that are spelled out


def storm_message(view: StormView) -> Post:
    """At most 50 blocks and some 12,000 characters, however many incidents there are."""
    return Post(text=Safe(words.headline(view)), blocks=first_that_fits(lambda size: _blocks(view, size), _SIZES))


def _blocks(view: StormView, size: int) -> Sequence[Block]:
    shown = view.lines[:size]
    left = view.total - len(shown)
    return [
        header(words.headline(view)),
        section(words.counts(view)),
        *(_line(at, each, is_over=view.ended_at is not None) for at, each in enumerate(shown)),
        *([section(words.left_out(left))] if left else []),
        context(words.footnote(view)),
    ]


def _line(at: int, each: StormLine, *, is_over: bool) -> Block:
    said = words.line(each, is_over=is_over)
    if each.is_opened:
        return section(said)
    return beside(
        said, button(words.OPEN_THREAD, action_id=f"{OPEN_THREAD}:{at}", value=f"{each.incident_id}:{OPEN_THREAD}")
    )
