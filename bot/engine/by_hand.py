"""What a person gives a runbook by hand: its parameters, by name, each held to its pattern. Pure."""

import re
from collections.abc import Mapping

from bot.core.errors import BadInput
from bot.engine.naming import params_read, read_by
from bot.engine.runbook import Param, Question, Runbook

_LONGEST = 128


def checked(params: Mapping[str, Param], given: Mapping[str, str]) -> dict[str, str]:
    """What was given, each as its parameter wants it. Raises BadInput, naming the first that is wrong."""
    for name, value in given.items():
        if name not in params:
            raise BadInput(f"there is no parameter {name!r}; there are: {', '.join(params) or 'none'}")
        if len(value) > _LONGEST or not re.fullmatch(params[name].pattern, value):
            raise BadInput(f"{name}: {value[:80]!r} does not match {params[name].pattern}")
    return dict(given)


def wanted_by(question: Question, runbook: Runbook) -> tuple[str, ...]:
    """The parameters a question reads, itself or through the answers it builds on, in the runbook's order."""
    asked = (question, *read_by(question, runbook))
    read = set().union(*(params_read(each) for each in asked)) if asked else set()
    return tuple(name for name in runbook.params if name in read)
