"""The evidence of one diagnosis: every question with its answer, or why it has none."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from bot.slack import evidence_words as words
from bot.slack.blocks.answer import Read, is_short, question, read
from bot.slack.blocks.layout import MAX_BLOCKS, Post, context, first_that_fits, section
from bot.slack.views import EvidenceView

MAX_FILES = 5  # tables of one diagnosis that follow as files
_SIZES = (40, 20, 10, 5, 3, 1, 0)  # rows of an answer that are shown
_ROWS_READ = 300  # rows over all answers that are worth making text; a message holds fewer


def evidence(view: EvidenceView) -> tuple[Post, Sequence[str]]:
    """One message, and the questions whose whole answer follows as a file.

    Answers are shortened together, evenly, until Slack takes the message; it says what it left out, and where it is.
    """
    most = max(3, min(_SIZES[0], _ROWS_READ // max(1, len(view.asked))))
    found = [read(asked, rows=most, mode=view.stripe_mode) for asked in view.asked]
    filed: list[str] = []

    def blocks(size: int) -> Sequence[Block]:
        filed.clear()
        return _blocks(view, found, size, filed)

    made = first_that_fits(blocks, [size for size in _SIZES if size <= most])
    return Post(text=words.evidence_notification(view), blocks=made), tuple(filed)


def _blocks(view: EvidenceView, found: Sequence[Read], rows: int, filed: list[str]) -> Sequence[Block]:
    """`filed` takes up the questions whose answer is not shown whole."""
    blocks = [section(words.evidence_title(view))]
    if view.error:
        blocks.append(section(words.diagnosis_failed(view.error)))
    # Slack takes one table in a message: the widest answer gets it, the others are set in fixed-width letters.
    tabled = max((each for each in found if each.wants_table), key=lambda each: each.width, default=None)
    for at, each in enumerate(found):
        is_filed = is_short(each, rows=rows, as_table=each is tabled) and len(filed) < MAX_FILES
        made = question(each, rows=rows, as_table=each is tabled, is_filed=is_filed)
        if len(blocks) + len(made) >= MAX_BLOCKS - 3 or (rows == 0 and at >= 20):
            left = [one.asked.id for one in found[at:] if one.is_table][: MAX_FILES - len(filed)]
            filed += left
            return [*blocks, section(words.answers_left_out(len(found) - at, filed=len(left)))]
        filed += [each.asked.id] if is_filed else []
        blocks += made
    small = [
        *([words.idle(view.idle)] if view.idle else []),
        *([words.unjudged(view.unjudged)] if view.unjudged else []),
        *([words.not_here(view.not_here)] if view.not_here else []),
        *([words.not_offered(view.not_offered)] if view.not_offered else []),
    ]
    return [*blocks, *map(context, small)]
