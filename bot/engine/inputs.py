"""The inputs of an action: what was typed into the modal, or comes from evidence, checked against what is declared."""

import re
from collections.abc import Callable, Mapping

from bot.core.errors import BadInput, ExpressionError
from bot.core.ports import Json
from bot.core.quoting import duration, moment
from bot.engine.runbook import Input

_LONGEST = 500
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


def checked(declared: Mapping[str, Input], given: Mapping[str, Json]) -> dict[str, Json]:
    """What was given, each value of its declared type; blanks are left out. Raises BadInput, naming the input."""
    for name in given:
        if name not in declared:
            raise BadInput(f"there is no input {name!r}; there are: {', '.join(declared) or 'none'}")
    return {
        name: _typed(name, declared[name], value)
        for name, value in given.items()
        if value is not None and str(value).strip() != ""
    }


def resolved(declared: Mapping[str, Input], given: Mapping[str, Json], scope: Mapping[str, object]) -> dict[str, Json]:
    """Every declared input: given, else from evidence, else its default; None where it is optional.

    Raises BadInput when one that is needed has no value, or a value is not what is declared.
    """
    values = checked(declared, given)
    return {name: values[name] if name in values else _filled(name, each, scope) for name, each in declared.items()}


def _filled(name: str, declared: Input, scope: Mapping[str, object]) -> Json:
    found: object = None
    if declared.source is not None:
        try:
            found = declared.source.value(scope)
        except ExpressionError:
            found = None  # evidence that is not there: the default stands in, or the input is asked for
    if found is None or found == "":
        found = declared.default
    if found is not None:
        return _typed(name, declared, found)
    if declared.optional:
        return None
    raise BadInput(f"{declared.label or name}: a value is needed")


def _typed(name: str, declared: Input, value: object) -> Json:
    label = declared.label or name
    text = str(value).strip()
    if len(text) > _LONGEST or not text.isprintable():
        raise BadInput(f"{label}: at most {_LONGEST} printable characters on one line")
    if declared.type in _READ:
        return _READ[declared.type](label, text)
    match declared.type:
        case "choice":
            if text not in declared.choices:
                raise BadInput(f"{label}: choose one of {', '.join(declared.choices)}")
        case "duration":
            try:
                duration(text)
            except ValueError as error:
                raise BadInput(f"{label}: {error}") from error
    if declared.pattern is not None and not re.fullmatch(declared.pattern, text):
        raise BadInput(f"{label}: {text[:80]!r} does not match {declared.pattern}")
    return text


def _integer(label: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadInput(f"{label}: {text[:80]!r} is not a whole number") from error


def _time(label: str, text: str) -> str:
    """In UTC, as 2026-11-20T10:30:00Z; a picker gives seconds since 1970."""
    try:
        at = moment(int(text) if text.isascii() and text.isdigit() else text)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{label}: {text[:80]!r} is not a time; write 2026-11-20T10:30:00Z") from error
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _flag(label: str, text: str) -> bool:
    if text.casefold() in _YES:
        return True
    if text.casefold() in _NO:
        return False
    raise BadInput(f"{label}: write yes or no")


_READ: Mapping[str, Callable[[str, str], Json]] = {"integer": _integer, "flag": _flag, "time": _time}
