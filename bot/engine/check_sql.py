"""SQL that reads only reads, asks for named columns, and binds just what it is given.

A sound light check over tokens, not a parser: what it cannot be sure of is left to the database, whose role and
transaction are read-only anyway.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.core.errors import ContentError
from bot.engine.catalog import Source
from bot.engine.check_references import steps_in
from bot.engine.document import Path
from bot.engine.reading import did_you_mean
from bot.engine.runbook import Runbook
from bot.engine.system import System
from bot.steps import SqlChange, SqlRead

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<text>[eE]?'(?:[^'\\]|''|\\.)*'|\$(?P<_tag>\w*)\$.*?\$(?P=_tag)\$)
    |(?P<name>"(?:[^"]|"")*")
    |(?P<word>[A-Za-z_]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<cast>::)
    |(?P<bind>(?<![:\w\\]):[A-Za-z_]\w*)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
# How SQLAlchemy finds parameters, in comments and quoted text as well.
_BOUND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")
_WRITES = frozenset({"insert", "update", "delete", "merge", "into"})  # what may stand inside of WITH and SELECT
_ACTS = re.compile(
    r"pg_sleep\w*|pg_terminate_backend|pg_cancel_backend|pg_read_\w+|pg_ls_\w+|pg_advisory_\w+|pg_notify|lo_\w+|dblink\w*"
    r"|set_config|nextval|setval|pg_reload_conf|pg_switch_wal|pg_promote|query_to_xml\w*|load_extension"
)
_BEFORE_STAR = frozenset({"select", "distinct", "all", ",", ".", "returning"})

Token = tuple[str, str]


Finding = tuple[Path, str]
"""Where in a step, and what."""


def sql(source: Source[Runbook] | Source[System]) -> Iterator[ContentError]:
    """Findings about every SQL text of a file."""
    for path, step in steps_in(source.value, ()):
        if isinstance(step, SqlRead | SqlChange):
            for where, what in findings(step):
                yield source.document.finding((*path, *where), what)


def findings(step: SqlRead | SqlChange) -> Iterator[Finding]:
    """Everything that is wrong with one step."""
    match step:
        case SqlRead():
            yield from ((("query",), what) for what in _only_reads(step.query))
            yield from ((("query",), what) for what in _binds(step.query, given=set(step.params)))
            yield from _columns(step, step.query)
        case SqlChange():
            lock, statement = tokens(step.lock), tokens(step.statement)
            yield from ((("lock",), what) for what in [*_single(lock), *_no_star(lock), *_locks(lock)])
            yield from ((("statement",), what) for what in [*_single(statement), *_updates(statement, step)])
            yield from (((), what) for what in _binds(f"{step.lock}\n{step.statement}", given={"ids", *step.params}))
            yield from _columns(step, step.lock)


def tokens(text: str) -> list[Token]:
    """Kind and lower-case text of each token; comments and spaces are left out.

    >>> tokens("select 'a;b' -- why")
    [('word', 'select'), ('text', "'a;b'")]
    """
    found = _TOKEN.finditer(text)
    return [(each.lastgroup or "", each[0].lower()) for each in found if each.lastgroup != "skip"]


def _only_reads(query: str) -> Iterator[str]:
    found = tokens(query)
    words = [text for kind, text in found if kind == "word"]
    yield from _single(found)
    yield from _no_star(found)
    if found[:1] not in ([("word", "select")], [("word", "with")]):
        yield "a question is one SELECT (or WITH … SELECT)"
    if writes := sorted({*words} & _WRITES):
        yield f"a question only reads; {', '.join(writes)} cannot be in it"
    if acts := sorted({word for word in words if _ACTS.fullmatch(word)}):
        yield f"a question only reads; {', '.join(acts)} does more than that"
    if ("for", "share") in pairwise(words):
        yield "a question only reads; it cannot lock rows"


def _single(found: list[Token]) -> Iterator[str]:
    if ("sign", ";") in found:
        yield "one statement only, and no semicolon"


def _no_star(found: list[Token]) -> Iterator[str]:
    for before, (_, text) in zip([("", "select"), *found], found, strict=False):
        if text == "*" and before[1] in _BEFORE_STAR:
            yield "name the columns: * may bring what must not be shown"
            return


def _locks(lock: list[Token]) -> Iterator[str]:
    words = [text for kind, text in lock if kind == "word"]
    if words[:1] != ["select"] or ("for", "update") not in pairwise(words):
        yield "write SELECT … FOR UPDATE, so that nobody changes the rows in between"
    if len([word for word in words if word in _WRITES]) > 1:
        yield "it locks rows and nothing else"
    if ("bind", ":ids") not in lock:
        yield "bind :ids, so that exactly the approved rows are locked"


def _updates(statement: list[Token], step: SqlChange) -> Iterator[str]:
    words = [text for kind, text in statement if kind == "word"]
    if words[:1] != ["update"]:
        yield "it is one UPDATE; what it changes is put back from the snapshot"
    if ("bind", ":ids") not in statement[_index(statement, ("word", "where")) :]:
        yield "bind :ids in its WHERE, so that only the approved rows are changed"
    if step.id not in step.columns:
        yield f"{step.id} tells the rows apart, so it must be among columns:"


def _index(found: list[Token], token: Token) -> int:
    return found.index(token) if token in found else len(found)


def _binds(text: str, *, given: set[str]) -> Iterator[str]:
    found = tokens(text)
    if cast := next((token for (kind, token), after in pairwise(found) if kind == "bind" and after[0] == "cast"), None):
        yield f"{cast}:: is not read as a parameter: write cast({cast} as …)"
        return
    in_code = {token[1:] for kind, token in found if kind == "bind"}
    bound = {name.lower() for name in _BOUND.findall(text)}
    known = {name.lower() for name in given}
    for name in sorted(bound - in_code):
        yield f":{name} stands in quoted text or a comment, where it would be taken for a parameter; write \\:{name}"
    for name in sorted(in_code - known):
        yield f":{name} has no value under params:{did_you_mean(name, known)}"
    for name in sorted(known - in_code - bound - {"ids"}):
        yield f"params.{name} is not used: no :{name} in the text"


def _columns(step: SqlRead | SqlChange, text: str) -> Iterator[Finding]:
    """A declared column that the text does not even mention is a slip of the pen."""
    found = tokens(text)
    if any(_no_star(found)):
        return
    mentioned = {token.strip('"') for kind, token in found if kind in {"word", "name"}}
    for name in step.columns:
        if name not in mentioned:
            yield ("columns", name), f"the query selects no {name}{did_you_mean(name, mentioned)}"
