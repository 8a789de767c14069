"""What one file alone cannot tell: whether the files agree with each other, and every name leads somewhere."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from bot.core.errors import ContentError, ContentErrors
from bot.engine.catalog import Catalog, Parsed, Source, parse
from bot.engine.check_names import names, question_ids
from bot.engine.check_order import order
from bot.engine.check_policy import policy
from bot.engine.check_promql import promql
from bot.engine.check_references import references
from bot.engine.check_rules import rules
from bot.engine.check_scheduled import scheduled
from bot.engine.check_sql import sql
from bot.engine.check_switches import switches
from bot.engine.runbook import Runbook
from bot.engine.system import System


def checked(files: Mapping[str, str]) -> Catalog:
    """The catalog of these files. Raises ContentErrors with everything that is wrong with them."""
    return _checked(tuple(sorted(files.items())))


@lru_cache(maxsize=4)
def _checked(files: tuple[tuple[str, str], ...]) -> Catalog:
    parsed = parse(dict(files))
    if findings := content(parsed):
        raise ContentErrors(findings)
    return parsed.catalog


def content(parsed: Parsed) -> list[ContentError]:
    """Everything that is wrong with the rules and runbooks. A broken file does not hide what is wrong elsewhere."""
    findings = [*parsed.findings, *rules(parsed), *scheduled(parsed), *switches(parsed)]
    for name, source in parsed.runbooks.items():
        findings += _runbook(source, parsed, system=name.partition("/")[0])
    return findings


def _runbook(source: Source[Runbook], parsed: Parsed, *, system: str) -> Iterator[ContentError]:
    yield from question_ids(source)
    yield from order(source)
    yield from policy(source)
    yield from sql(source)
    yield from promql(source)
    if system in parsed.systems:
        yield from _with_system(source, parsed.systems[system].value)
    elif system not in parsed.broken:
        yield source.document.finding((), f"there is no rules/{system}.yml, so nothing says where {system} is asked")


def _with_system(source: Source[Runbook], system: System) -> Iterator[ContentError]:
    yield from names(source, system)
    yield from references(source, system)
