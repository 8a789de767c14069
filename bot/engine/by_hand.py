"""What a person gives a runbook by hand: its parameters, by name, each held to its pattern. Pure."""

import re
from collections.abc import Mapping

from bot.core.errors import BadInput
from bot.core.ports import Json
from bot.engine.naming import names, params_read, read_by
from bot.engine.params import resolve
from bot.engine.runbook import Param, Question, Runbook

_LONGEST = 128
_FOUND_BY_ITSELF = frozenset({"option"})  # what a source may name and still be there without an alert


def checked(params: Mapping[str, Param], given: Mapping[str, str]) -> dict[str, str]:
    """What was given, each as its parameter wants it. Raises BadInput, naming the first that is wrong."""
    for name, value in given.items():
        if name not in params:
            raise BadInput(f"there is no parameter {name!r}; there are: {', '.join(params) or 'none'}")
        if len(value) > _LONGEST or not re.fullmatch(params[name].pattern, value):
            raise BadInput(f"{name}: {value[:80]!r} does not match {params[name].pattern}")
    return dict(given)


def missing(runbook: Runbook, given: Mapping[str, str], options: Mapping[str, Json]) -> tuple[str, ...]:
    """The parameters that nothing but a person can give, for there is no alert whose labels would."""
    ids = {question.id for question in runbook.diagnose}
    found = resolve(runbook.params, given=given, scope={"option": options, "labels": {}}, questions=ids)
    return tuple(name for name in found.failed if _is_needed(runbook, name))


def wanted_by(question: Question, runbook: Runbook) -> tuple[str, ...]:
    """The parameters a question reads, itself or through the answers it builds on, in the runbook's order."""
    asked = (question, *read_by(question, runbook))
    read = set().union(*(params_read(each) for each in asked)) if asked else set()
    return tuple(name for name in runbook.params if name in read)


def _is_needed(runbook: Runbook, name: str) -> bool:
    """Whether a question reads it; what only an answer could have given is found or not, as with any alert."""
    source = runbook.params[name].source
    from_answers = source is not None and not names(source) <= {"labels", "annotations", "incident", *_FOUND_BY_ITSELF}
    return not from_answers and any(name in params_read(question) for question in runbook.diagnose)
