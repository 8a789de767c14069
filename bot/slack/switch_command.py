"""`/billing switch engage|release …`: what was typed, handed to the desk."""

from collections.abc import Sequence
from datetime import timedelta

from bot.core.quoting import duration
from bot.desk import Declined, Desk, engage, release
from bot.engine.switch import DEFAULT_TTL
from bot.slack import answer_words, switch_words
from bot.slack.text import Safe


def switch_command(desk: Desk, words: Sequence[str], *, person: str) -> Safe:
    """`engage NAME [for 2h] why …` or `release NAME why …`; how to write it, when it is neither."""
    match [words[0].casefold(), *words[1:]]:
        case ["engage", name, "for", length, *why]:
            ttl = _length(length)
            return switch_words.BAD_LENGTH if ttl is None else _engage(desk, name, why, person=person, ttl=ttl)
        case ["engage", name, *why]:
            return _engage(desk, name, why, person=person, ttl=DEFAULT_TTL)
        case ["release", name, *why]:
            answer = release(desk, person=person, name=name, reason=" ".join(why))
            return answer_words.said(answer) if isinstance(answer, Declined) else switch_words.DONE_RELEASED
    return switch_words.USAGE


def _engage(desk: Desk, name: str, why: Sequence[str], *, person: str, ttl: timedelta) -> Safe:
    answer = engage(desk, person=person, name=name, reason=" ".join(why), ttl=ttl)
    return answer_words.said(answer) if isinstance(answer, Declined) else switch_words.DONE_ENGAGED


def _length(text: str) -> timedelta | None:
    try:
        read = duration(text)
    except ValueError:
        return None
    return read if isinstance(read, timedelta) else None
