"""The exact calls of a request, rendered from what was frozen with it, as its card shows them."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice

from bot.core.egress import mask, masked
from bot.core.errors import ExpressionError
from bot.core.facts import facts, rows_of
from bot.core.ports import Json
from bot.engine.execution import Planned, plan
from bot.engine.request import Request, TargetSet
from bot.engine.runbook import Action
from bot.engine.sums import sums
from bot.engine.system import CommandResource, System
from bot.slack import words
from bot.steps import CommandRun, HttpSend, SqlChange, StripePost
from bot.steps.step import Scope

_LONGEST_BODY = 400


def calls(
    action: Action,
    request: Request,
    base: Scope,
    *,
    system: System | None = None,
    left: Sequence[Planned] | None = None,
) -> tuple[str, ...]:
    """One line for each deed, the one that is made for each target as it is made for the first.

    `left` are those that an execution has still to make; all of them if unsaid.
    """
    targets = request.targets
    if targets is None:
        return ()
    seen = _frozen(request, targets, base)
    by_deed: dict[int, list[Planned]] = {}
    for planned in plan(action, targets.ids) if left is None else left:
        by_deed.setdefault(action.do.index(planned.deed), []).append(planned)
    programs = _programs(system)
    return tuple(_call(each[0], seen, request, len(each), programs) for each in islice(by_deed.values(), 20))


def _programs(system: System | None) -> Mapping[str, str]:
    """The program of each command resource, with the arguments that are its own."""
    resources = system.resources if system else {}
    return {name: " ".join(each.command) for name, each in resources.items() if isinstance(each, CommandResource)}


def _frozen(request: Request, targets: TargetSet, base: Scope) -> Scope:
    preview = request.preview
    before = {name: facts(evidence) for name, evidence in preview.before.items()} if preview else {}
    more: Mapping[str, object] = {"preview": facts(preview.answer)} if preview and preview.answer else {}
    rows = {"rows": rows_of(targets.table), "sums": sums(targets.table)}
    return {
        **base,
        **before,
        **more,
        "params": request.params,
        "inputs": request.inputs,
        "targets": {"ids": list(targets.ids), "count": len(targets.ids), **rows},
    }


def _call(planned: Planned, seen: Scope, request: Request, count: int, programs: Mapping[str, str]) -> str:
    own: dict[str, object] = {
        "id": request.id,
        "key": planned.key(request.id),
        "requester": request.requester,
        "requested_at": request.requested_at,
    }
    scope = {**seen, "request": own, **({"target": planned.target} if planned.target else {})}
    try:
        said = _said(planned, scope, programs)
    except ExpressionError:
        # It names what is only known when it runs.
        said = _unrendered(planned, programs)
    return f"{said} – once for each of {words.counted(count, 'target')}" if planned.deed.each else said  # noqa: RUF001


def _said(planned: Planned, scope: Scope, programs: Mapping[str, str]) -> str:
    match planned.deed.step:
        case HttpSend() as step:
            call = step.call(scope)
            query = "&".join(f"{name}={value}" for name, value in call.query.items())
            path = mask(f"{call.path}?{query}" if query else call.path)
            return f"{call.method} {path} at {step.at}{_body(call.json)}"
        case StripePost() as step:
            path, form = step.call(scope)
            return f"POST {mask(path)} at Stripe{_body(form)}"
        case SqlChange() as step:
            binds = {name: str(value) for name, value in step.binds(scope).items()}
            at_most = words.counted(step.max_rows, "row")
            return f"{' '.join(step.statement.split())} at {step.at}, at most {at_most}{_body(binds)}"
        case CommandRun() as step:
            return f"{programs.get(step.at, step.at)} {mask(' '.join(step.words(scope)))}"


def _body(body: Json | Mapping[str, Json]) -> str:
    if not body:
        return ""
    text = json.dumps(masked(body), ensure_ascii=False)
    return f" with {text if len(text) <= _LONGEST_BODY else text[:_LONGEST_BODY] + '…'}"


def _unrendered(planned: Planned, programs: Mapping[str, str]) -> str:
    match planned.deed.step:
        case HttpSend() as step:
            return f"{step.method} {step.path.source} at {step.at}"
        case StripePost() as step:
            return f"POST {step.post.source} at Stripe"
        case SqlChange() as step:
            at_most = words.counted(step.max_rows, "row")
            return f"{' '.join(step.statement.split())} at {step.at}, at most {at_most}"
        case CommandRun() as step:
            arguments = " ".join(str(argument.source) for argument in step.arguments)
            return f"{programs.get(step.at, step.at)} {arguments}"
