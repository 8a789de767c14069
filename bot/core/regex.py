"""Regular expressions as Go's RE2 and Python understand them alike, and that cannot run for long.

Alertmanager and Prometheus match with RE2, this program with Python's `re`, which knows more, reads some spellings in
another way, and may take exponential time. Only what both agree on is accepted.
"""

import math
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

LONGEST = 1_000  # characters of a pattern
LONGEST_TEXT = 512  # characters of what is matched; labels are far shorter

_PIECE = re.compile(
    r"""(?P<escape>\\(?:x[0-9a-fA-F]{2}|.))
    |(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    |(?P<open>\((?:\?(?:P<[A-Za-z_]\w*>|[is]{0,2}:|[is]{1,2}\)|.?))?)
    |(?P<close>\))
    |(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)
    |(?P<or>\|)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = frozenset("dDwWsSbBAnrtfva")
_PLAIN_GROUP = re.compile(r"\((?:\?(?:P<[A-Za-z_]\w*>|[is]{0,2}:|[is]{1,2}\)))?")
_MOST = 1000  # RE2's own limit of a counted repeat
_MANY = 100
_DEEPEST = 20
_FEW_UNBOUNDED = 3
_FEW = 4  # as in (\d{1,3}\.){3}


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled; use `whole` to match. Raises ValueError, saying what is not supported.

    >>> bool(whole(compiled("Reconciliation.*"), "ReconciliationDriftPctHigh"))
    True
    """
    if len(pattern) > LONGEST:
        raise ValueError(f"a regular expression of more than {LONGEST} characters")
    for why in _odd(pattern):
        raise ValueError(f"not a regular expression: {why}")
    try:
        with warnings.catch_warnings(action="error"):
            return re.compile(pattern, re.ASCII)
    except (re.error, Warning, RecursionError, OverflowError) as error:
        raise ValueError(f"not a regular expression: {error}") from error


def whole(pattern: re.Pattern[str], text: str) -> bool:
    """Whether all of the text matches; a text beyond every sensible length does not."""
    return len(text) <= LONGEST_TEXT and pattern.fullmatch(text) is not None


def _odd(pattern: str) -> Iterator[str]:
    grows = [False]  # per open group: whether it holds something that may be taken in more than one way
    closed = False  # the group that has just been closed
    repeated = False  # what stands before is a repeat already
    unbounded = 0
    for piece in _PIECE.finditer(pattern):
        kind, text = piece.lastgroup, piece[0]
        yield from _unknown(kind, text)
        if kind == "repeat":
            if repeated:
                yield f"{text} repeats a repeat"
            least, most = _times(text)
            if closed and most > _FEW:
                yield f"){text} repeats a group that itself repeats or has alternatives: it could take for ever"
            grows[-1] = grows[-1] or most > max(least, 1)
            unbounded += most - least > _MANY
            if unbounded > _FEW_UNBOUNDED:
                yield f"more than {_FEW_UNBOUNDED} repeats without a bound: it could take very long"
        if kind == "or":
            grows[-1] = True
        if kind == "open" and not text.endswith(")"):
            grows.append(False)
            if len(grows) > _DEEPEST:
                yield f"groups are nested more than {_DEEPEST} deep"
        closed = kind == "close" and len(grows) > 1 and grows.pop()
        if closed:
            grows[-1] = True
        repeated = kind == "repeat"


def _times(repeat: str) -> tuple[float, float]:
    """How often at least and at most: `{2,}` is two to infinity."""
    if repeat[0] != "{":
        return {"*": (0, math.inf), "+": (1, math.inf), "?": (0, 1)}[repeat[0]]
    least, comma, most = repeat.strip("{}?").partition(",")
    return int(least), int(most) if most else math.inf if comma else int(least)


def _unknown(kind: str | None, text: str) -> Iterator[str]:
    """What Python and RE2 read in different ways."""
    if kind == "escape" and text[1].isalnum() and not (text[1] in _ESCAPES or len(text) == 4):
        yield f"{text} is not supported"
    if kind == "set" and ("[:" in text[1:] or "[" in text[1:].replace("\\[", "")):
        yield f"{text} is not supported: write \\[ for a bracket inside of brackets"
    if kind == "open" and not _PLAIN_GROUP.fullmatch(text):
        yield f"{text} is not supported"
    if kind == "repeat" and any(int(number) > _MOST for number in re.findall(r"\d+", text)):
        yield f"{text} repeats more than {_MOST} times"
    if kind == "other" and text == "{":
        yield "{ without a count: write \\{ for a brace"
