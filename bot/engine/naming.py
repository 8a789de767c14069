"""Which names a part of a content file reads from its scope, however deep its templates and expressions are."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from bot.core.expression import Expression
from bot.core.template import Template, Value
from bot.engine.runbook import Question


def paths(part: object) -> frozenset[str]:
    """Every dotted path read anywhere in it: `drift.max`, `before.delivery.email`, `targets.ids`."""
    return frozenset(_paths(part))


def names(part: object) -> frozenset[str]:
    """The first word of each path."""
    return frozenset(path.partition(".")[0] for path in paths(part))


def read_by(part: object, questions: Sequence[Question]) -> tuple[Question, ...]:
    """The questions whose answers, now or `before`, the part reads, and those that these read in turn."""
    found = {path.removeprefix("before.").partition(".")[0] for path in paths(part)}
    while more := {name for each in questions if each.id in found for name in names(each)} - found:
        found |= more
    return tuple(question for question in questions if question.id in found)


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
