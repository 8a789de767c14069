"""Words and `key=value` pairs out of what somebody typed, as Slack hands it over."""

import html
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

_CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})  # noqa: RUF001 - Slack's clients type these
_LINKED = re.compile(r"<[^<>|\s]+\|([^<>]*)>")  # what Slack took for an address, with what was really typed
_BARE_LINK = re.compile(r"<(?:mailto:|tel:)?(https?://[^<>|\s]+|[^<>|\s@#!]+@[^<>|\s]+)>")
_MENTION = re.compile(r"^\s*<@[A-Z0-9]+(\|[^<>]*)?>\s*")
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """The words in order, and the pairs."""

    words: tuple[str, ...]
    pairs: Mapping[str, str]


def without_mention(text: str) -> str:
    """A message to the bot without the bot's name."""
    return _MENTION.sub("", text, count=1)


def read(text: str) -> Typed:
    """Take it apart; quotes hold a value with blanks together, and one quote alone is a letter.

    >>> read('run aivo/refund note="late and twice" id=in_1')
    Typed(words=('run', 'aivo/refund'), pairs={'note': 'late and twice', 'id': 'in_1'})
    """
    plain = html.unescape(_BARE_LINK.sub(r"\1", _LINKED.sub(r"\1", text))).translate(_CURLY)
    words, pairs = [], {}
    for part in _split(plain):
        if found := _KEY.fullmatch(part):
            pairs[found[1]] = found[2]
        else:
            words.append(part)
    return Typed(words=tuple(words), pairs=pairs)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
