"""The evidence of one diagnosis: every question with its answer, or why it has none."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from bot.slack import words
from bot.slack.blocks.answer import question, wants_table
from bot.slack.blocks.layout import MAX_BLOCKS, Post, first_that_fits, section
from bot.slack.views import EvidenceView

_SIZES = (40, 20, 10, 5, 3, 1, 0)  # rows of an answer that are shown


def evidence(view: EvidenceView) -> Post:
    """One message. Answers are shortened together, evenly, until Slack takes it; it says what it left out."""
    return Post(
        text=words.evidence_notification(view),
        blocks=first_that_fits(lambda size: _blocks(view, size), _SIZES),
    )


def _blocks(view: EvidenceView, rows: int) -> Sequence[Block]:
    blocks = [section(words.evidence_title(view))]
    if view.error:
        blocks.append(section(words.diagnosis_failed(view.error)))
    # Slack takes one table in a message: the first long answer gets it, the others are set in fixed-width letters.
    tabled = next((asked.id for asked in view.asked if wants_table(asked)), None)
    for at, asked in enumerate(view.asked):
        made = question(asked, rows=rows, as_table=asked.id == tabled)
        if len(blocks) + len(made) >= MAX_BLOCKS or (rows == 0 and at >= 20):
            return [*blocks, section(words.answers_left_out(len(view.asked) - at))]
        blocks += made
    return blocks
