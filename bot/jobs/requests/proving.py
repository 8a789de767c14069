"""Whether something holds now: its questions are asked afresh, and judged."""

from collections.abc import Iterator

from bot.core.egress import mask
from bot.core.errors import ExpressionError
from bot.core.expression import Expression
from bot.core.facts import facts
from bot.engine.naming import read_by
from bot.engine.runbook import Batches, Verify
from bot.jobs.means import Means
from bot.jobs.requests.case import Case, answers_then
from bot.steps.step import Scope


def holds(means: Means, case: Case, *, wanted: Verify | Batches, condition: Expression) -> tuple[bool, str]:
    """Whether the condition holds, and what was seen. What cannot be judged does not hold."""
    case = case.seeing(before=answers_then(case.request))
    questions = (*read_by(wanted, case.runbook), *wanted.ask)
    answers = means.asker(questions, resources=case.resources, scope=case.scope)
    scope = case.seeing(**{name: facts(evidence) for name, evidence in answers.items()}).scope
    try:
        is_so = condition.holds(scope)
    except ExpressionError as error:
        return False, mask(f"it could not be judged: {error}")
    return is_so, mask("; ".join(_values(condition, scope)))


def _values(condition: Expression, scope: Scope) -> Iterator[str]:
    """What the condition compared: `blast.n is 0`."""
    for path in sorted(condition.paths):
        value = Expression(path).value(scope)
        if isinstance(value, str | int | float | None):
            yield f"{path} is {value}"
