"""What is named by id is there, and of the right kind: actions, approvers, resources, inputs."""

from collections import Counter
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from bot.core.errors import ContentError
from bot.core.facts import RESERVED as FACTS
from bot.engine.catalog import Source
from bot.engine.document import Document, Path
from bot.engine.naming import read_by
from bot.engine.reading import did_you_mean
from bot.engine.runbook import Action, Input, Runbook
from bot.engine.shapes import columns_of
from bot.engine.system import (
    CommandResource,
    DatabaseResource,
    HttpResource,
    PrometheusResource,
    Resource,
    StripeResource,
    System,
)
from bot.steps import CommandRun, HttpGet, HttpSend, Promql, Read, SqlChange, SqlRead, StripeGet, StripePost, Write

Step = Read | Write


def references(source: Source[Runbook], system: System) -> Iterator[ContentError]:
    """Findings about the names of actions, approvers, resources and columns in a runbook."""
    runbook, document = source.value, source.document
    actions = {action.id for action in runbook.actions}
    for at, conclusion in enumerate(runbook.conclude):
        for field in ("suggest", "warn_against"):
            yield from _known(document, ("conclude", at, field), getattr(conclusion, field), actions, "action")
    counted = Counter(action.id for action in runbook.actions)
    for at, action in enumerate(runbook.actions):
        if counted[action.id] > 1:
            yield document.finding(("actions", at, "id"), f"another action is called {action.id} already")
        yield from _action(document, ("actions", at), action, runbook, system)
    for path, step in steps_in(runbook, ()):
        if why := misplaced(step, system):
            yield document.finding((*path, "at"), why)
        columns = "columns" if isinstance(step, SqlRead | SqlChange) else "show"
        for name in columns_of(step).keys() & FACTS:
            yield document.finding((*path, columns, name), f"{name} means something in expressions already; rename it")


def steps_in(part: object, path: Path) -> Iterator[tuple[Path, Step]]:
    """Every step of a value, with the path it has in its file."""
    match part:
        case Promql() | SqlRead() | StripeGet() | HttpGet() | HttpSend() | SqlChange() | StripePost() | CommandRun():
            yield path, part
        case BaseModel():
            for name, field in type(part).model_fields.items():
                yield from steps_in(getattr(part, name), (*path, field.alias or name))
        case Mapping():
            for key, value in part.items():
                yield from steps_in(value, (*path, str(key)))
        case list() | tuple():
            for at, value in enumerate(part):
                yield from steps_in(value, (*path, at))


def _action(document: Document, path: Path, action: Action, runbook: Runbook, system: System) -> Iterator[ContentError]:
    actions = {each.id for each in runbook.actions}
    yield from _known(document, (*path, "instead"), action.instead, actions, "action")
    if action.undo is not None and action.undo not in actions:
        yield document.finding((*path, "undo"), f"no action {action.undo}{did_you_mean(action.undo, actions)}")
    if action.reversible and action.undo is None:
        yield document.finding((*path, "reversible"), "says it can be taken back, but no undo: says how")
    yield from _known(document, (*path, "approve", "by"), action.approve.by, system.approvers, "group under approvers")
    for name, declared in action.inputs.items():
        if why := _odd_input(declared):
            yield document.finding((*path, "inputs", name), why)
    for at, deed in enumerate(action.do):
        if getattr(deed.step, "harmless", False):
            yield document.finding((*path, "do", at), "says it is harmless; a deed that changes nothing is a preview")
    columns = _columns_of_targets(action)
    if columns is not None and action.targets.id not in columns:
        what = f"its step has no column {action.targets.id}; name the column that tells targets apart under id:"
        yield document.finding((*path, "targets"), what)
    if not read_by(action.verify, runbook) and not action.verify.ask:
        what = "names no question, so it would prove nothing; ask what the action should have changed"
        yield document.finding((*path, "verify", "until"), what)
    if action.verify.every > action.verify.within:
        yield document.finding((*path, "verify", "every"), "is longer than within:, so it would be looked at only once")
    yield from _by_and_by(document, path, action, runbook)


def _by_and_by(document: Document, path: Path, action: Action, runbook: Runbook) -> Iterator[ContentError]:
    batches, leaves_out = action.batches, action.leaves_out
    if batches is not None:
        if not read_by(batches, runbook) and not batches.ask:
            what = "names no question, so it would stop nothing; ask what shows that a batch did harm"
            yield document.finding((*path, "batches", "check"), what)
        if batches.every > batches.within:
            yield document.finding(
                (*path, "batches", "every"), "is longer than within:, so it would never be looked at"
            )
    if leaves_out is not None:
        known = columns_of(leaves_out.step)
        for field, name in (("reason", leaves_out.reason), ("count", leaves_out.count)):
            if name is not None and name not in known:
                what = f"its step has no column {name}{did_you_mean(name, known)}"
                yield document.finding((*path, "leaves_out", field), what)


def _columns_of_targets(action: Action) -> Mapping[str, object] | None:
    step = action.targets.sql or action.targets.http or action.targets.stripe
    return columns_of(step) if step else None


def _known(
    document: Document, path: Path, named: tuple[str, ...], known: Mapping[str, object] | set[str], what: str
) -> Iterator[ContentError]:
    for at, name in enumerate(named):
        if name not in known:
            yield document.finding((*path, at), f"no {what} {name}{did_you_mean(name, known)}")


def _odd_input(declared: Input) -> str | None:
    if (declared.type == "choice") != bool(declared.choices):
        return "type: choice and choices: go together"
    if declared.type == "choice" and declared.default is not None and declared.default not in declared.choices:
        return f"its default {declared.default!r} is none of its choices"
    if declared.pattern is not None and declared.type != "string":
        return "only text has a pattern:"
    return None


def misplaced(step: Step, system: System) -> str | None:
    """Why this step cannot run where `at` says."""
    resource = system.resources.get(step.at)
    if resource is None:
        return f"{system.system} has no resource {step.at}{did_you_mean(step.at, system.resources)}"
    match step, resource:
        case (SqlRead(), DatabaseResource(write=True)):
            return f"{step.at} may write; a question is asked with a role that only reads"
        case (SqlChange(), DatabaseResource(write=False)):
            return f"{step.at} only reads; a change needs a resource with write: true"
        case (StripePost(), StripeResource(write_key=None)):
            return f"{step.at} has no write_key:, so nothing can be changed with it"
        case (
            (Promql(), PrometheusResource())
            | (SqlRead() | SqlChange(), DatabaseResource())
            | (HttpGet() | HttpSend(), HttpResource())
            | (StripeGet() | StripePost(), StripeResource())
            | (CommandRun(), CommandResource())
        ):
            return None
    return f"{step.at} is {_KINDS[type(resource)]}, which cannot answer this"


_KINDS: Mapping[type[Resource], str] = {
    PrometheusResource: "a Prometheus",
    DatabaseResource: "a database",
    HttpResource: "an HTTP API",
    StripeResource: "Stripe",
    CommandResource: "a command",
}
