"""What goes first when Slack takes only so much: what a person must act on, then what is new, then what explains."""

from datetime import timedelta

from bot.engine.severity import worst
from bot.store.sending import Due

_GRAVE = frozenset({"critical", "error"})
_ALWAYS_FIRST = frozenset({"broken", "storm"})  # somebody acted alone; many incidents at once
_FOR_PEOPLE = frozenset({"again", "request", "switch", "worse"})
_EXPLAINING = frozenset({"evidence", "chart", "checklist", "table", "whole"})

_URGENT, _EDITS, _OTHERS = range(3)

_GIVES_WAY = (timedelta(0), timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=60))
"""By importance: an edit lets those more important pass that came to wait within so long after it.

Posts are made once, edits without end: a few busy cards would keep what matters less from ever being edited.
"""


def first_to_last(waiting: list[Due]) -> list[Due]:
    """New messages by importance, with the edits after what people must act on; what failed after what did not."""
    return sorted(waiting, key=_key)


def _key(due: Due) -> tuple[object, ...]:
    rank = _rank(due)
    if due.is_posted:
        return due.attempts, _EDITS, due.behind_since + _GIVES_WAY[rank], rank, due.id
    return due.attempts, _URGENT if rank < 2 else _OTHERS, rank, due.is_reply, due.behind_since, due.id


def _rank(due: Due) -> int:
    kind = due.subject.partition(":")[0]
    if kind in _ALWAYS_FIRST or (kind == "root" and worst([due.severity or ""]) in _GRAVE):
        return 0
    if kind in _FOR_PEOPLE:
        return 1
    return 3 if kind in _EXPLAINING else 2
