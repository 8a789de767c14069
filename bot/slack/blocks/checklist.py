"""The checklist of a runbook: what only a person can look at."""

from bot.slack import words
from bot.slack.blocks.layout import Post, as_json, section, sections
from bot.slack.text import Safe, bold, clip
from bot.slack.views import ChecklistView

_MOST = 20
_LONGEST = 500


def checklist(view: ChecklistView) -> Post:
    """Numbered lines, at most twenty, and where a human reads more."""
    title = bold(words.CHECKLIST)
    lines = [clip(words.checklist_item(at, item), _LONGEST) for at, item in enumerate(view.items[:_MOST], start=1)]
    left = len(view.items) - len(lines)
    if left:
        lines.append(words.more(left, "points"))
    guide = words.guide(view)
    blocks = [*sections([title, *lines]), *([section(guide)] if guide else [])]
    return Post(text=Safe(words.CHECKLIST), blocks=as_json(blocks))
