"""A billing system's database: does it answer, may its role only read, and has it what the runbooks ask for."""

from collections.abc import Iterable

from bot.adapters.database import Reader
from bot.core.errors import CountersignError, Unavailable
from bot.doctor.finding import Findings, broken, ok
from bot.steps import SqlRead

Asked = tuple[str, SqlRead]
"""Where a query stands, and the query."""


def database(reader: Reader, queries: Iterable[Asked], *, where: str) -> Findings:
    """Raises Unavailable when it does not answer."""
    may = reader.may_write()
    if may:
        yield broken(where, f"its role {may}", "Diagnose with a role that may only select (docs/hosts)")
    bad, count = 0, 0
    for name, step in queries:
        count += 1
        try:
            reader.explain(step.query, names=step.params)
        except Unavailable:
            raise
        except CountersignError as error:
            bad += 1
            yield broken(where, f"{name}: {error}", "Give the role the columns, or mend the query")
    if not bad and not may:
        yield ok(where, f"{reader.version()}, read only, {count} queries can be planned")
