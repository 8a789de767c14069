"""How grave an incident is: the word that alerts carry, and its place among the others."""

from collections.abc import Iterable

_SHOWN = 32  # characters, as its column has
# Words of other people's making come after these.
_GRAVEST_FIRST = ("critical", "error", "high", "warning", "info", "low")


def worst(severities: Iterable[str]) -> str:
    """The gravest of these words. Words of other people's making come after ours, in the order of the alphabet."""
    cut = {severity[:_SHOWN] for severity in severities if severity}
    return min(cut, key=lambda each: (gravity(each), each), default="none")


def is_worse(severity: str, *, than: str) -> bool:
    """Whether it is graver; words of other people's making say nothing about that among themselves.

    >>> is_worse("critical", than="warning"), is_worse("p1", than="p2"), is_worse("warning", than="none")
    (True, False, True)
    """
    return gravity(severity) < gravity(than)


def gravity(severity: str) -> int:
    """Its place among severities, the gravest first."""
    lower = severity.lower()
    return _GRAVEST_FIRST.index(lower) if lower in _GRAVEST_FIRST else len(_GRAVEST_FIRST) + (lower == "none")
