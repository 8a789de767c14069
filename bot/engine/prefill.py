"""What a message says about a runbook's parameters: `name=value` pairs, and ids that only one pattern fits. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.engine.runbook import Param, Runbook

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{1,127}")
_PAIR = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,40})\s*[=:]\s*[\"'`]?([A-Za-z0-9][A-Za-z0-9_.:/-]{0,127})")
_ORDINARY = ("incident", "The", "now", "failed", "yesterday")
_MOST = 40


def tokens(text: str) -> tuple[str, ...]:
    """The words that may be ids, and the pairs as `name=value`, in order, each once."""
    pairs = [f"{name}={value.rstrip('.:/-')}" for name, value in _PAIR.findall(text)]
    words = [word.rstrip(".:/-") for word in _TOKEN.findall(text)]
    ids = [word for word in words if any(letter.isdigit() or letter == "_" for letter in word)]
    return tuple(dict.fromkeys([*pairs, *ids]))[:_MOST]


def prefilled(params: Mapping[str, Param], found: Sequence[str]) -> dict[str, str]:
    """A value for each parameter that the message names, or that an id of the message fits by its shape alone."""
    named = dict(each.split("=", 1) for each in reversed(found) if "=" in each)
    ids = [each for each in found if "=" not in each]
    values = {name: _value(name, param, named, ids) for name, param in params.items()}
    return {name: value for name, value in values.items() if value is not None}


def likely(runbooks: Mapping[str, Runbook], found: Sequence[str]) -> str | None:
    """The runbook that most of it is about; None when nothing speaks for one, or as much for another."""
    scores = {name: len(prefilled(each.params, found)) for name, each in runbooks.items()}
    best = max(scores.values(), default=0)
    names = [name for name, score in scores.items() if score == best]
    return names[0] if best and len(names) == 1 else None


def _value(name: str, param: Param, named: Mapping[str, str], ids: Iterable[str]) -> str | None:
    said = named.get(name)
    if said is not None and re.fullmatch(param.pattern, said):
        return said
    if any(re.fullmatch(param.pattern, word) for word in _ORDINARY):
        return None  # it fits everything, so it tells nothing
    return next((each for each in ids if re.fullmatch(param.pattern, each)), None)
