"""An answer that one person sees, with the button that shares it; and the same as the channel sees it."""

from collections.abc import Sequence

from bot.slack.blocks.layout import BlockJson, Post, actions, as_json, button, context, first_that_fits, sections
from bot.slack.commands import words
from bot.slack.text import Safe

_MOST = 47  # blocks of an answer, beside what is put around it


def private(text: Safe, blocks: Sequence[BlockJson], *, answer_id: str | None) -> tuple[BlockJson, ...]:
    """`answer_id` of an answer that may be shared."""
    if answer_id is None:
        return _body(text, blocks)
    share = actions([button(words.SHARE, action_id="share", value=f"{answer_id}:share")], block_id="share")
    return (*_body(text, blocks), *as_json([share]))


def shared(text: Safe, blocks: Sequence[BlockJson], *, note: Safe) -> Post:
    """Without buttons: those are where the answer came from."""
    still = [each for each in _body(text, blocks) if each["type"] != "actions"]
    return Post(text=text, blocks=(*still, *as_json([context(note)])))


def _body(text: Safe, blocks: Sequence[BlockJson]) -> tuple[BlockJson, ...]:
    if blocks:
        return tuple(blocks[:_MOST])
    lines = [Safe(line) for line in text.split("\n")]
    return first_that_fits(lambda most: sections(lines[:most]), (len(lines), 40, 20, 10))
