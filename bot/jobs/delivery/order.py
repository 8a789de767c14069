"""What goes first when Slack takes only so much: what a person must act on, then what is new, then what explains."""

from bot.engine.severity import worst
from bot.store.sending import Due

_GRAVE = frozenset({"critical", "error"})
_ALWAYS_FIRST = frozenset({"broken", "storm"})  # somebody acted alone; many incidents at once
_FOR_PEOPLE = frozenset({"again", "request", "switch", "worse"})
_EXPLAINING = frozenset({"evidence", "chart", "checklist", "table", "whole"})


def first_to_last(waiting: list[Due]) -> list[Due]:
    """By importance, those that failed after those that did not; what is equal as it was made."""
    return sorted(waiting, key=lambda each: (each.attempts, _rank(each), each.is_reply, each.created_at, each.id))


def _rank(due: Due) -> int:
    kind = due.subject.partition(":")[0]
    if kind in _ALWAYS_FIRST or (kind == "root" and worst([due.severity or ""]) in _GRAVE):
        return 0
    if kind in _FOR_PEOPLE:
        return 1
    return 3 if kind in _EXPLAINING else 2
