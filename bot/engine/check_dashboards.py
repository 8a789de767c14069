"""Dashboards: each panel says what it shows and in what unit, and asks the chosen data source for metrics there are."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set

import promql_parser

from bot.core.errors import ContentError, ContentErrors
from bot.core.ports import Json
from bot.engine.catalog import Parsed
from bot.engine.check_references import steps_in
from bot.engine.document import Document, Path, read
from bot.engine.reading import did_you_mean
from bot.steps import Promql

OLDEST = 41  # schemaVersion of Grafana 11.6
_SAID = ("uid", "title", "description")
_INTERVALS = ("__rate_interval", "__interval", "__range", "__auto")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?::[a-z]+)?\}|(?P<bare>[A-Za-z_][A-Za-z0-9_]*))")
_ALWAYS = frozenset({"up", "ALERTS", "ALERTS_FOR_STATE"})  # Prometheus makes these


def dashboards(files: Mapping[str, str], *, known: Set[str]) -> list[ContentError]:
    """Everything that is wrong with these files, given the names of the metrics that something exports."""
    findings: list[ContentError] = []
    for file, text in files.items():
        try:
            findings += _dashboard(read(text, file=file), known | _ALWAYS)
        except ContentErrors as errors:
            findings += errors.findings
    return findings


def named_by(parsed: Parsed, alerts: Sequence[str]) -> frozenset[str]:
    """The metrics that the content knows: what checks export, what runbooks ask, and what alerts are about."""
    found = {check.metric for source in parsed.systems.values() for check in source.value.checks}
    queries = list(alerts)
    for source in parsed.runbooks.values():
        queries += [step.query.filled('"x"') for _, step in steps_in(source.value, ()) if isinstance(step, Promql)]
    return frozenset(found.union(*(metrics_of(query) for query in queries)))


def metrics_of(query: str) -> frozenset[str]:
    """The metrics a query names; nothing where it does not parse."""
    try:
        return frozenset(_names(promql_parser.parse(query)))
    except ValueError:
        return frozenset()


def filled(query: str, variables: Set[str]) -> str:
    """The query with something in the place of intervals and of the dashboard's own variables."""

    def value(found: re.Match[str]) -> str:
        name = found["braced"] or found["bare"]
        return "5m" if name in _INTERVALS else "x" if name in variables else found[0]

    return _VARIABLE.sub(value, query)


def _names(node: object) -> Iterator[str]:
    """A selector by its name; one that matches names by a pattern has none."""
    if name := getattr(node, "name", None):
        yield str(name)
    for part in ("lhs", "rhs", "expr", "vector_selector", "args", "param"):
        inner = getattr(node, part, None)
        for each in inner if isinstance(inner, list) else [inner]:
            if each is not None:
                yield from _names(each)


def _dashboard(document: Document, known: Set[str]) -> Iterator[ContentError]:
    board = document.value
    if not isinstance(board, Mapping):
        yield document.finding((), "is not a dashboard: a JSON object")
        return
    for name in _SAID:
        if not board.get(name):
            yield document.finding((), f"it has no {name}")
    version = board.get("schemaVersion")
    if not isinstance(version, int) or version < OLDEST:
        yield document.finding(("schemaVersion",), f"schemaVersion is {OLDEST} or newer")
    variables = dict(_variables(board))
    sources = {f"${{{name}}}" for name, kind in variables.items() if kind == "datasource"}
    if not sources:
        yield document.finding(("templating",), "no variable of type datasource, so it would be tied to one Prometheus")
    yield from _each(document, board, sources=sources, variables=variables.keys(), known=known)
    for path, mark in _items(_at(board, "annotations", "list"), ("annotations", "list")):
        yield from _asked(document, path, mark, sources=sources)
        expr = _at(mark, "target", "expr")
        if isinstance(expr, str):
            yield from _query(document, (*path, "target", "expr"), expr, variables.keys(), known)


def _each(
    document: Document, board: Mapping[str, Json], *, sources: Set[str], variables: Set[str], known: Set[str]
) -> Iterator[ContentError]:
    numbers: set[object] = set()
    for path, panel in _panels(board.get("panels"), ("panels",)):
        if panel.get("id") in numbers:
            yield document.finding((*path, "id"), f"another panel has id {panel.get('id')} already")
        numbers.add(panel.get("id"))
        if panel.get("type") not in {"row", "text"}:
            yield from _panel(document, path, panel, sources=sources, variables=variables, known=known)


def _panel(
    document: Document,
    path: Path,
    panel: Mapping[str, Json],
    *,
    sources: Set[str],
    variables: Set[str],
    known: Set[str],
) -> Iterator[ContentError]:
    title = panel.get("title") or f"panel {panel.get('id')}"
    for name in ("title", "description"):
        if not panel.get(name):
            yield document.finding(path, f"{title} has no {name}")
    if not _at(panel, "fieldConfig", "defaults", "unit"):
        yield document.finding(path, f"{title} has no unit")
    yield from _asked(document, path, panel, sources=sources)
    targets = list(_items(panel.get("targets"), (*path, "targets")))
    if not targets:
        yield document.finding(path, f"{title} asks nothing")
    for where, target in targets:
        yield from _asked(document, where, target, sources=sources)
        expr = target.get("expr")
        if isinstance(expr, str) and expr:
            yield from _query(document, (*where, "expr"), expr, variables, known)
        else:
            yield document.finding(where, f"{title} has a query without an expression")


def _asked(document: Document, path: Path, part: Mapping[str, Json], *, sources: Set[str]) -> Iterator[ContentError]:
    uid = _at(part, "datasource", "uid")
    if uid not in sources:
        yield document.finding((*path, "datasource"), f"datasource is {uid}; write the uid of a datasource variable")


def _query(document: Document, path: Path, expr: str, variables: Set[str], known: Set[str]) -> Iterator[ContentError]:
    query = filled(expr, variables)
    if left := _VARIABLE.search(query):
        yield document.finding(path, f"{left[0]} is no variable of this dashboard{did_you_mean(left[0], variables)}")
        return
    try:
        names = sorted(set(_names(promql_parser.parse(query))))
    except ValueError as error:
        yield document.finding(path, f"not PromQL: {' '.join(str(error).split())}")
        return
    for name in names:
        if name not in known:
            yield document.finding(path, f"nothing exports {name}{did_you_mean(name, known)}")


def _variables(board: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for _, each in _items(_at(board, "templating", "list"), ()):
        if isinstance(name := each.get("name"), str):
            yield name, each.get("type")


def _panels(value: Json, path: Path) -> Iterator[tuple[Path, Mapping[str, Json]]]:
    """Every panel, also those of collapsed rows."""
    for where, panel in _items(value, path):
        yield where, panel
        yield from _panels(panel.get("panels"), (*where, "panels"))


def _items(value: Json, path: Path) -> Iterator[tuple[Path, Mapping[str, Json]]]:
    for at, each in enumerate(value if isinstance(value, Sequence) and not isinstance(value, str) else ()):
        if isinstance(each, Mapping):
            yield (*path, at), each


def _at(value: Json, *names: str) -> Json:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
