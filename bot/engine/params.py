"""A runbook's parameters: given, taken from labels, or from an earlier answer, and always held to their pattern."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from bot.core.errors import ExpressionError
from bot.core.expression import Expression
from bot.engine.naming import names
from bot.engine.runbook import Param
from bot.steps.step import Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Params:
    """What is known of each parameter by now: its value, the questions it still waits for, or why there is none."""

    values: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, frozenset[str]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


def resolve(
    params: Mapping[str, Param],
    *,
    given: Mapping[str, str],
    scope: Scope,
    questions: Set[str] = frozenset(),
    answered: Set[str] = frozenset(),
) -> Params:
    """Resolve each in the order of the file: what a person gave, then `from`, then `default`.

    A source that names one of `questions` not yet `answered` leaves its parameter pending. A value that does not match
    the pattern fails and falls back to nothing: another tenant's evidence is worse than none.
    """
    values: dict[str, str] = {}
    pending: dict[str, frozenset[str]] = {}
    failed: dict[str, str] = {}
    for name, param in params.items():
        match _resolved(param, given.get(name), {**scope, "params": values}, unanswered=questions - answered):
            case frozenset() as waits_for:
                pending[name] = waits_for
            case None:
                failed[name] = "neither a label nor an answer gives it"
            case str() as value if re.fullmatch(param.pattern, value):
                values[name] = value
            case str():
                failed[name] = f"its value does not match {param.pattern}"
    return Params(values=values, pending=pending, failed=failed)


def _resolved(param: Param, given: str | None, scope: Scope, *, unanswered: Set[str]) -> str | frozenset[str] | None:
    if given:
        return given
    for source in (param.source, param.default):
        if source is None:
            continue
        if waits_for := frozenset(names(source) & unanswered):
            return waits_for
        if value := _text(source, scope):
            return value
    return None


def _text(source: Expression, scope: Scope) -> str | None:
    try:
        value = source.value(scope)
    except ExpressionError:
        return None  # no such label, or an answer without rows
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
