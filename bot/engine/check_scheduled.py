"""What is done by the clock: asked where it can be asked, under names of its own, for runbooks of this system."""

from collections import Counter
from collections.abc import Iterator

from bot.core.errors import ContentError
from bot.core.expression import Expression
from bot.core.facts import RESERVED
from bot.engine.catalog import Parsed, Source
from bot.engine.check_names import parsed_in
from bot.engine.check_references import misplaced, steps_in
from bot.engine.check_sql import sql
from bot.engine.detection import AUTO
from bot.engine.document import Path
from bot.engine.reading import did_you_mean
from bot.engine.runbook import Runbook
from bot.engine.scheduled import Check, Schedule
from bot.engine.shapes import Fields, answer, columns_of, fields, lost
from bot.engine.system import System

MOMENTS = ("fired_at", "now")
"""What expressions of checks and schedules see beside `option`: the time on the cron, and the time it is."""


def scheduled(parsed: Parsed) -> Iterator[ContentError]:
    """Findings about every check and schedule of every rules file."""
    labels: dict[str, tuple[str, ...]] = {}
    for source in parsed.systems.values():
        yield from sql(source)
        yield from _told_apart(source)
        yield from _detections(source)
        scope = fields(MOMENTS, option=fields(source.value.options))
        for at, check in enumerate(source.value.checks):
            yield from _check(source, ("checks", at), check, scope)
            if set(labels.setdefault(check.metric, check.labels)) != set(check.labels):
                what = f"{check.metric} has the labels {', '.join(labels[check.metric]) or 'none'} in another check"
                yield source.document.finding(("checks", at, "metric"), what)
        for at, schedule in enumerate(source.value.schedules):
            yield from _schedule(source, ("schedules", at), schedule, scope, parsed)


def _detections(source: Source[System]) -> Iterator[ContentError]:
    system = source.value
    automatic = {name for name, value in system.options.items() if value == AUTO}
    for name in sorted(automatic - system.detect.keys()):
        yield source.document.finding(("options", name), f"says {AUTO}, but detect: does not say how; give the value")
    said = fields([], option=fields(system.options.keys() - automatic))
    for name, detection in system.detect.items():
        where = ("detect", name)
        if name not in system.options:
            what = f"there is no option {name}{did_you_mean(name, system.options)}; write {name}: {AUTO} under options:"
            yield source.document.finding(where, what)
        for path, step in steps_in(detection, where):
            if why := misplaced(step, system):
                yield source.document.finding((*path, "at"), why)
        scope = Fields(names={**said.names, "answer": answer(detection.step)})
        yield from _lost(source, where, detection.model_copy(update={"value": Expression("true"), "todo": None}), said)
        yield from _lost(source, (*where, "value"), detection.value, scope)
        yield from _lost(source, (*where, "todo"), detection.todo, scope)


def _told_apart(source: Source[System]) -> Iterator[ContentError]:
    system = source.value
    named = {"checks": [each.id for each in system.checks], "schedules": [each.name for each in system.schedules]}
    for group, every in named.items():
        counted = Counter(every)
        for at, name in enumerate(every):
            if counted[name] > 1:
                yield source.document.finding(
                    (group, at, "id"), f"another one is called {name} already; give it an id:"
                )
    metrics = Counter(check.metric for check in system.checks)
    for at, check in enumerate(system.checks):
        if metrics[check.metric] > 1 and check.when is None:  # with when:, each is for another kind of installation
            what = f"another check of {system.system} makes {check.metric} already"
            yield source.document.finding(("checks", at, "metric"), what)


def _check(source: Source[System], path: Path, check: Check, scope: Fields) -> Iterator[ContentError]:
    for where, step in steps_in(check, path):
        if why := misplaced(step, source.value):
            yield source.document.finding((*where, "at"), why)
        columns = "columns" if check.sql else "show"
        for name in columns_of(step).keys() & RESERVED:
            yield source.document.finding(
                (*where, columns, name), f"{name} means something in expressions already; rename it"
            )
    yield from _lost(source, (*path, "when"), check.when, fields([], option=scope.names["option"]))
    yield from _lost(source, path, check.model_copy(update={"when": None}), scope)


def _schedule(
    source: Source[System], path: Path, schedule: Schedule, scope: Fields, parsed: Parsed
) -> Iterator[ContentError]:
    runbook, where = schedule.runbook, (*path, "runbook")
    known = {*parsed.runbooks, *(name for name in parsed.broken if "/" in name)}
    if runbook not in known:
        yield source.document.finding(where, f"no runbook {runbook}{did_you_mean(runbook, known)}")
    elif runbook.partition("/")[0] != source.value.system:
        what = f"{runbook} is another system's; its questions would be asked at {source.value.system}"
        yield source.document.finding(where, what)
    elif runbook in parsed.runbooks:
        yield from _params(source, path, schedule, parsed.runbooks[runbook].value)
    yield from _lost(source, (*path, "params"), schedule.params, scope)


def _params(source: Source[System], path: Path, schedule: Schedule, runbook: Runbook) -> Iterator[ContentError]:
    for name in schedule.params:
        if name not in runbook.params:
            what = f"{schedule.runbook} has no parameter {name}{did_you_mean(name, runbook.params)}"
            yield source.document.finding((*path, "params", name), what)


def _lost(source: Source[System], path: Path, part: object, scope: Fields) -> Iterator[ContentError]:
    for where, parsed in parsed_in(part, path):
        for read in sorted(parsed.reads):
            if why := lost(read, scope):
                yield source.document.finding(where, why)
