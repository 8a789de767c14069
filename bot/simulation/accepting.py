"""Writes the cards of a trial into its file as they are now, for a person to read."""

import re
from collections.abc import Iterator, Mapping

from bot.core.errors import BadInput
from bot.simulation.cards import Card

_EXPECT = re.compile(r"^expect:\s*$", re.MULTILINE)
_CARDS = re.compile(r"^  cards:.*\n(?:(?: {3,}.*)?\n)*", re.MULTILINE)
_NEXT = re.compile(r"^[^ #\n]", re.MULTILINE)


def accepted(text: str, cards: Mapping[str, Card], *, file: str) -> str:
    """The file's text with these cards under `expect:`, which has to come last. Raises BadInput."""
    found = _EXPECT.search(text)
    if found is None or _NEXT.search(text, found.end()):
        raise BadInput(f"{file}: to write cards there, expect: must be its last part, and one field a line")
    head, expected = text[: found.end()], text[found.end() :].rstrip("\n") + "\n"
    kept = _CARDS.sub("", expected).rstrip("\n")
    if not cards:
        return f"{head}{kept}\n"
    return f"{head}{kept}\n  cards:\n{''.join(_lines(cards))}"


def _lines(cards: Mapping[str, Card]) -> Iterator[str]:
    for name, card in cards.items():
        yield f"    {name}: |-\n"
        yield from (f"      {line}\n" for line in card.text.splitlines())
