"""Which names a part of a content file reads from its scope, however deep its templates and expressions are."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from bot.core.expression import Expression
from bot.core.template import Template, Value
from bot.engine.runbook import Question, Runbook


def paths(part: object) -> frozenset[str]:
    """Every dotted path read anywhere in it: `drift.max`, `before.delivery.email`, `targets.ids`."""
    return frozenset(_paths(part))


def names(part: object) -> frozenset[str]:
    """The first word of each path."""
    return frozenset(path.partition(".")[0] for path in paths(part))


def params_read(part: object) -> frozenset[str]:
    """The parameters a part reads by name."""
    return frozenset(path.split(".")[1] for path in paths(part) if path.startswith("params."))


def read_by(part: object, runbook: Runbook) -> tuple[Question, ...]:
    """The questions whose answers, now or `before`, the part reads, and those that these read in turn.

    A parameter is followed to the answers it is taken from.
    """
    found = _first_words(part, runbook)
    while (
        more := {word for each in runbook.diagnose if each.id in found for word in _first_words(each, runbook)} - found
    ):
        found |= more
    return tuple(question for question in runbook.diagnose if question.id in found)


def _first_words(part: object, runbook: Runbook) -> set[str]:
    read = {path.removeprefix("before.").partition(".")[0] for path in paths(part)}
    wanted, seen = params_read(part), set[str]()
    while wanted - seen:
        seen |= wanted
        sources = [param for name, param in runbook.params.items() if name in wanted]
        read |= names(sources)
        wanted = params_read(sources)
    return read


def _paths(part: object) -> Iterator[str]:
    match part:
        case Expression() | Template() | Value():
            yield from part.paths
        case BaseModel():
            for field in type(part).model_fields:
                yield from _paths(getattr(part, field))
        case Mapping():
            for value in part.values():
                yield from _paths(value)
        case list() | tuple():
            for value in part:
                yield from _paths(value)
