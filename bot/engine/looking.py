"""What the request of an action freezes: guards, inputs, targets and preview, from answers that others give. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.core.egress import mask
from bot.core.errors import BadInput, ExpressionError
from bot.core.evidence import Answer, Column, Evidence, Shown, Table
from bot.core.facts import facts, rows_of
from bot.core.ports import Json
from bot.engine.diagnose import Seen
from bot.engine.inputs import resolved
from bot.engine.limits import Excess, excess
from bot.engine.naming import names, params_read
from bot.engine.params import Params
from bot.engine.request import PreviewShown, TargetSet, target_set
from bot.engine.runbook import Action, Guard, Runbook
from bot.engine.sums import sums
from bot.steps import CommandRun, HttpSend, Read
from bot.steps.step import Scope

_LATE = frozenset({"preview", "targets"})

Part = Literal["targets", "preview", "left_out"]

Asking = Callable[[Part, Read | HttpSend | CommandRun, Scope], Answer]
"""Has a part of the action answered. Raises what its step raises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """All that a request freezes."""

    params: Mapping[str, Json]
    inputs: Mapping[str, Json]
    targets: TargetSet
    preview: PreviewShown


@dataclass(frozen=True, kw_only=True, slots=True)
class No:
    """Why the action cannot go on; `may_pass` when something did not answer, so that asking later may help."""

    note: str
    may_pass: bool = False


def looked(action: Action, *, known: Seen, base: Scope, given: Mapping[str, Json], ask: Asking) -> Looked | No:
    """Work it out. `base` is what the request adds to what is `known`; `given` are the inputs that somebody typed.

    What cannot be judged is a no. Raises CountersignError, as `ask` does.
    """
    scope: Scope = {**base, **known.scope}
    if no := _unresolved(action, known.params):
        return no
    if action.when is not None and not action.when.holds(scope):
        return No(note=f"it is not offered here: {action.when.source} does not hold")
    inputs = resolved(action.inputs, given, scope)
    scope = {**scope, "inputs": inputs}
    if no := _refused(scope, (guard for guard in action.refuse if not names(guard) & _LATE)):
        return no
    targets = _targets(action, scope, ask)
    beyond = excess(action.limits, targets)
    if no := _out_of_bounds(targets, beyond):
        return no
    scope = {**scope, "targets": targets_seen(targets)}
    answer = ask("preview", action.preview.step, scope) if action.preview else None
    if answer is not None:
        scope = {**scope, "preview": facts(answer)}
    if no := _refused(scope, (guard for guard in action.refuse if names(guard) & _LATE)):
        return no
    preview = PreviewShown(
        answer=answer,
        say=action.preview.say.render(scope) if action.preview and action.preview.say else None,
        before={name: _without_chart(evidence) for name, evidence in known.evidence.items()},
        unusual=beyond.soft,
        left_out=ask("left_out", action.leaves_out.step, scope) if action.leaves_out else None,
    )
    return Looked(params=known.params.values, inputs=inputs, targets=targets, preview=preview)


def targets_seen(targets: TargetSet) -> Mapping[str, object]:
    """What expressions see of the targets."""
    return {
        "ids": list(targets.ids),
        "count": len(targets.ids),
        "rows": rows_of(targets.table),
        "sums": sums(targets.table),
    }


def instead(action: Action, runbook: Runbook) -> str:
    """What there is where the target says that the action is not installed, to be said after the reason."""
    offered = [runbook.action(action_id) for action_id in action.instead]
    labels = [each.label for each in offered if each is not None]
    return f"; there is instead: {', '.join(labels)}" if labels else ""


def _unresolved(action: Action, params: Params) -> No | None:
    for name in sorted(params_read(action) & params.failed.keys()):
        return No(note=f"{name} is not known: {params.failed[name]}")
    return None


def _refused(scope: Scope, guards: Iterable[Guard]) -> No | None:
    for guard in guards:
        try:
            if guard.when.holds(scope):
                return No(note=mask(guard.say.render(scope)))
        except ExpressionError as error:
            return No(note=mask(f"whether it may run cannot be judged: {error}"), may_pass=True)
    return None


def _targets(action: Action, scope: Scope, ask: Asking) -> TargetSet:
    wanted = action.targets
    step = wanted.sql or wanted.http or wanted.stripe
    try:
        if step is not None:
            return target_set(ask("targets", step, scope), id_column=wanted.id)
        assert wanted.ids is not None
        return target_set(_listed(wanted.ids.value(scope), wanted.id), id_column=wanted.id)
    except ValueError as error:
        raise BadInput(str(error)) from error


def _listed(value: object, id_column: str) -> Answer:
    given = value if isinstance(value, list | tuple) else [value]
    rows = tuple((str(each),) if each is not None else (None,) for each in dict.fromkeys(given))
    return Answer(table=Table(columns=(Column(name=id_column, shown=Shown.ID),), rows=rows))


def _out_of_bounds(targets: TargetSet, beyond: Excess) -> No | None:
    if not targets.ids:
        return No(note="there is nothing to do: no target was found")
    return No(note=beyond.hard) if beyond.hard else None


def _without_chart(evidence: Evidence) -> Evidence:
    return evidence.model_copy(update={"series": ()}) if isinstance(evidence, Answer) else evidence
