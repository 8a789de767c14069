"""Every name that a template or expression reads is there, in the place where it is read."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from bot.core.errors import ContentError
from bot.core.expression import Expression
from bot.core.template import Template, Value
from bot.engine.catalog import Source
from bot.engine.document import Path
from bot.engine.runbook import Action, Batches, Question, Runbook, Verify
from bot.engine.shapes import Fields, Items, Shape, answer, fields, lost, targets
from bot.engine.system import System

Parsed = Expression | Template | Value

INCIDENT = ("id", "event", "system", "runbook", "severity", "state", "starts_at", "opened_at")
REQUEST = ("id", "key", "requester", "requested_at")
RESERVED = frozenset(
    {
        "params",
        "labels",
        "annotations",
        "metadata",
        "option",
        "incident",
        "inputs",
        "request",
        "targets",
        "target",
        "preview",
    }
    | {"probe", "original", "before", "so_far", "true", "false", "none", "True", "False", "None"}
)
"""Names that a question cannot have, for the scope has them already."""


def names(source: Source[Runbook], system: System) -> Iterator[ContentError]:
    """Findings about every expression and template of a runbook."""
    runbook = source.value
    for path, scope, part in _places(runbook, system):
        for where, parsed in parsed_in(part, path):
            for read in sorted(parsed.reads):
                if why := lost(read, scope):
                    yield source.document.finding(where, why)


def parsed_in(part: object, path: Path) -> Iterator[tuple[Path, Parsed]]:
    """Every expression and template of a value, with the path it has in its file."""
    match part:
        case Expression() | Template() | Value():
            yield path, part
        case BaseModel():
            for name, field in type(part).model_fields.items():
                yield from parsed_in(getattr(part, name), (*path, field.alias or name))
        case Mapping():
            for key, value in part.items():
                yield from parsed_in(value, (*path, str(key)))
        case list() | tuple():
            for at, value in enumerate(part):
                yield from parsed_in(value, (*path, at))


def _places(runbook: Runbook, system: System) -> Iterator[tuple[Path, Fields, object]]:
    """The parts of a runbook, each with what it sees."""
    questions: dict[str, Shape] = {question.id: answer(question.step) for question in reversed(runbook.diagnose)}
    base = _with(_base(system), questions)
    for at, (name, param) in enumerate(runbook.params.items()):
        yield ("params", name), _with(base, {"params": fields(list(runbook.params)[:at])}), param
    seen = _with(base, {"params": fields(runbook.params)})
    yield ("summary",), seen, runbook.summary
    yield ("diagnose",), seen, runbook.diagnose
    yield ("conclude",), seen, runbook.conclude
    undoing = {action.undo for action in runbook.actions if action.undo}
    for at, action in enumerate(runbook.actions):
        scope = _with(seen, {"request": fields(REQUEST)})
        if action.id in undoing or action.is_undo_only:
            scope = _with(scope, {"original": _original(runbook, action)})
        yield from _places_of_action(action, ("actions", at), scope, questions)


def _places_of_action(
    action: Action, path: Path, scope: Fields, questions: Mapping[str, Shape]
) -> Iterator[tuple[Path, Fields, object]]:
    yield (*path, "when"), scope, action.when
    only_option = Fields(names={"option": scope.names["option"]})  # the hours are looked at when nothing is asked
    yield (*path, "windows"), only_option, action.windows
    yield (*path, "inputs"), scope, action.inputs
    scope = _with(scope, {"inputs": fields(action.inputs)})
    yield (*path, "targets"), scope, action.targets
    scope = _with(scope, {"targets": targets(action.targets)})
    if action.preview:
        yield (*path, "preview"), scope, action.preview.model_copy(update={"say": None})
        scope = _with(scope, {"preview": answer(action.preview.step)})
        yield (*path, "preview", "say"), scope, action.preview.say
    yield (*path, "refuse"), scope, action.refuse
    yield (*path, "leaves_out"), scope, action.leaves_out
    each = _with(scope, {"target": None})
    for at, deed in enumerate(action.do):
        yield (*path, "do", at), each if deed.each else scope, deed
    if action.probe:
        of_one = each if all(deed.each for deed in action.do) else scope
        yield (*path, "probe"), _with(of_one, {"probe": answer(action.probe.step)}), action.probe
    scope = _with(scope, {"before": Fields(names=questions)})
    yield (*path, "verify"), _with(scope, _asked_by(action.verify)), action.verify
    if action.batches:
        so_far: Mapping[str, Shape] = {"so_far": fields(["ids", "count"])}
        yield (*path, "batches"), _with(scope, {**so_far, **_asked_by(action.batches)}), action.batches


def _asked_by(part: Verify | Batches) -> Mapping[str, Shape]:
    return {question.id: answer(question.step) for question in part.ask}


def _base(system: System) -> Fields:
    return fields(
        [],
        labels=Fields(is_open=True),
        annotations=Fields(is_open=True),
        metadata=Fields(is_open=True),
        option=fields(system.options),
        incident=fields(INCIDENT),
    )


def _original(runbook: Runbook, undo: Action) -> Fields:
    """What an undo sees of the request it takes back: its rows are those the change was made to."""
    taken_back = [action for action in runbook.actions if action.undo == undo.id]
    inputs = [name for action in taken_back for name in action.inputs]
    rows = [name for action in taken_back for deed in action.do for name in answer(deed.step).names]
    return fields(["request_id", "ids"], rows=Items(each=fields(rows)), inputs=fields(inputs))


def _with(scope: Fields, more: Mapping[str, Shape]) -> Fields:
    return Fields(names={**scope.names, **more})


def question_ids(source: Source[Runbook]) -> Iterator[ContentError]:
    """Ids of questions are told apart, and hide nothing that expressions see anyway."""
    document = source.document
    everywhere = {question.id for question in source.value.diagnose}
    taken: set[tuple[object, str]] = set()
    for path, question in _asked(source.value):
        place = path[1:3] if path[0] == "actions" else None
        if question.id in RESERVED:
            yield document.finding((*path, "id"), f"{question.id} means something in expressions already; rename it")
        if (place, question.id) in taken or (place is not None and question.id in everywhere):
            yield document.finding((*path, "id"), f"another question is called {question.id} already")
        taken.add((place, question.id))


def _asked(runbook: Runbook) -> Iterator[tuple[Path, Question]]:
    for at, question in enumerate(runbook.diagnose):
        yield ("diagnose", at), question
    for number, action in enumerate(runbook.actions):
        for at, question in enumerate(action.verify.ask):
            yield ("actions", number, "verify", "ask", at), question
        for at, question in enumerate(action.batches.ask if action.batches else ()):
            yield ("actions", number, "batches", "ask", at), question
