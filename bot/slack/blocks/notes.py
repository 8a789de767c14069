"""What is said with a message only for now: that it comes late, or should have gone elsewhere."""

from collections.abc import Sequence
from dataclasses import replace

from bot.slack.blocks.layout import CONTEXT, MAX_BLOCKS, Post, as_json, context
from bot.slack.text import Safe, clip, joined


def noted(post: Post, notes: Sequence[Safe]) -> Post:
    """The message with the notes as small print below it; where no block is free, after its words."""
    said = clip(joined(notes, " · "), CONTEXT)
    if not said:
        return post
    if post.blocks and len(post.blocks) < MAX_BLOCKS:
        return replace(post, blocks=(*post.blocks, *as_json([context(said)])))
    return replace(post, text=Safe(f"{post.text}\n{said}"))
