"""The checklist of a runbook: what only a person can look at, and who has done what of it."""

from collections.abc import Iterator

from slack_sdk.models.blocks import Block

from bot.engine.checklist import item_of
from bot.slack import words
from bot.slack.blocks.layout import Post, as_json, beside, button, first_that_fits, section, sections
from bot.slack.text import Safe, clip, joined
from bot.slack.views import ChecklistView

_MOST = 20
_LONGEST = 500
_SIZES = (_LONGEST, 300, 150)  # of one step, where all of them together are too long


def checklist(view: ChecklistView) -> Post:
    """Numbered steps, at most twenty, each with its button, and where a human reads more."""
    if view.incident_id is None:
        return Post(text=Safe(words.CHECKLIST), blocks=as_json(_to_read(view)))
    return Post(text=Safe(words.CHECKLIST), blocks=first_that_fits(lambda size: list(_to_tick(view, size)), _SIZES))


def _to_read(view: ChecklistView) -> list[Block]:
    lines = [clip(words.checklist_item(at, item), _LONGEST) for at, item in enumerate(view.items[:_MOST], start=1)]
    return [*sections([words.checklist_title(view), *lines, _left(view)]), *_guide(view)]


def _to_tick(view: ChecklistView, size: int) -> Iterator[Block]:
    yield section(words.checklist_title(view))
    for number, item in enumerate(view.items[:_MOST], start=1):
        done = view.done.get(number)
        text = clip(words.checklist_item(number, item), size)
        value = f"{view.incident_id}:{item_of(item)}"
        if done is None:
            yield beside(text, button(words.STEP_DONE, action_id=f"tick:{number}", value=value))
        else:
            ticked = joined((Safe(f":white_check_mark: {text}"), words.step_done(done)), "\n")
            yield beside(ticked, button(words.STEP_OPEN, action_id=f"untick:{number}", value=value))
    if left := _left(view):
        yield section(left)
    yield from _guide(view)


def _left(view: ChecklistView) -> Safe:
    left = len(view.items) - _MOST
    return words.more(left, "points") if left > 0 else Safe("")


def _guide(view: ChecklistView) -> list[Block]:
    guide = words.guide(view)
    return [section(guide)] if guide else []
