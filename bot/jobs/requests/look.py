"""What is looked at before an action may be offered for approval, and again before it starts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.core.egress import mask
from bot.core.errors import BadInput, CountersignError, ExpressionError, NotInstalled
from bot.core.evidence import Answer, Column, Evidence, Shown, Table
from bot.core.facts import facts
from bot.core.ports import Json
from bot.engine.diagnose import Seen, seen
from bot.engine.inputs import resolved
from bot.engine.limits import Excess, excess
from bot.engine.naming import names, params_read, read_by
from bot.engine.params import Params
from bot.engine.request import PreviewShown, TargetSet, target_set
from bot.engine.runbook import Action, Guard
from bot.jobs.means import Means
from bot.jobs.requests.case import Case, targets_seen
from bot.steps import CommandRun, HttpSend, Read
from bot.steps.step import Call

TIMEOUT = 15.0
"""Seconds one look at the outside may take."""

_LATE = frozenset({"preview", "targets"})


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


def look(means: Means, case: Case, *, timeout: float = TIMEOUT) -> Looked | No:
    """Ask its questions afresh, then its guards, targets and preview. What cannot be judged is a no.

    `timeout` is for each of targets and preview, in seconds.
    """
    try:
        return _look(means, case, timeout)
    except NotInstalled as error:
        return No(note=f"{mask(str(error))}{_instead(case)}")
    except CountersignError as error:
        return No(note=mask(str(error)), may_pass=error.retryable)


def _look(means: Means, case: Case, timeout: float) -> Looked | No:
    action = case.action
    before = _answers(means, case)
    known = _known(case, before)
    case = case.seeing(**known.scope)
    if no := _unresolved(action, known.params):
        return no
    if action.when is not None and not action.when.holds(case.scope):
        return No(note=f"it is not offered here: {action.when.source} does not hold")
    inputs = resolved(action.inputs, case.request.inputs, case.scope)
    case = case.seeing(inputs=inputs)
    if no := _refused(case, (guard for guard in action.refuse if not names(guard) & _LATE)):
        return no
    targets = _targets(means, case, timeout)
    beyond = excess(action.limits, targets)
    if no := _out_of_bounds(targets, beyond):
        return no
    case = case.seeing(targets=targets_seen(targets))
    answer = _preview(means, case, timeout)
    if answer is not None:
        case = case.seeing(preview=facts(answer))
    if no := _refused(case, (guard for guard in action.refuse if names(guard) & _LATE)):
        return no
    say = action.preview.say.render(case.scope) if action.preview and action.preview.say else None
    kept = {name: _without_chart(evidence) for name, evidence in before.items()}
    preview = PreviewShown(
        answer=answer, say=say, before=kept, unusual=beyond.soft, left_out=_left_out(means, case, timeout)
    )
    return Looked(params=known.params.values, inputs=inputs, targets=targets, preview=preview)


def _answers(means: Means, case: Case) -> Mapping[str, Evidence]:
    asked = means.asker.ask(
        read_by(case.action, case.runbook),
        resources=case.resources,
        see=lambda evidence: replace(known := _known(case, evidence), scope={**case.scope, **known.scope}),
    )
    return {name: each.evidence for name, each in asked.items()}


def _known(case: Case, evidence: Mapping[str, Evidence]) -> Seen:
    return seen(case.subject, system=case.system, runbook=case.runbook, evidence=evidence)


def _unresolved(action: Action, params: Params) -> No | None:
    for name in sorted(params_read(action) & params.failed.keys()):
        return No(note=f"{name} is not known: {params.failed[name]}")
    return None


def _refused(case: Case, guards: Iterable[Guard]) -> No | None:
    for guard in guards:
        try:
            if guard.when.holds(case.scope):
                return No(note=mask(guard.say.render(case.scope)))
        except ExpressionError as error:
            return No(note=mask(f"whether it may run cannot be judged: {error}"), may_pass=True)
    return None


def _targets(means: Means, case: Case, timeout: float) -> TargetSet:
    wanted = case.action.targets
    step = wanted.sql or wanted.http or wanted.stripe
    try:
        if step is not None:
            return target_set(run(means, case, step, timeout=timeout), id_column=wanted.id)
        assert wanted.ids is not None
        return target_set(_listed(wanted.ids.value(case.scope), wanted.id), id_column=wanted.id)
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


def _preview(means: Means, case: Case, timeout: float) -> Answer | None:
    return run(means, case, case.action.preview.step, timeout=timeout) if case.action.preview else None


def _left_out(means: Means, case: Case, timeout: float) -> Answer | None:
    wanted = case.action.leaves_out
    return run(means, case, wanted.step, timeout=timeout) if wanted else None


def run(means: Means, case: Case, step: Read | HttpSend | CommandRun, *, timeout: float = TIMEOUT) -> Answer:
    """Run a step that changes nothing. Raises what the step raises."""
    call = Call(resources=case.resources, scope=case.scope, timeout=timeout, now=means.now())
    match step:
        case HttpSend():
            return step.run(call, key=None)
        case _:
            return step.run(call)


def _without_chart(evidence: Evidence) -> Evidence:
    return evidence.model_copy(update={"series": ()}) if isinstance(evidence, Answer) else evidence


def _instead(case: Case) -> str:
    offered = [case.runbook.action(action_id) for action_id in case.action.instead]
    labels = [action.label for action in offered if action is not None]
    return f"; there is instead: {', '.join(labels)}" if labels else ""
