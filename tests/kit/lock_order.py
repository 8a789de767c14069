"""Watches in which order transactions lock: PostgreSQL finds a deadlock only when two of them meet."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, event

_AUDIT = "pg_advisory_xact_lock"
_BEFORE_IT = frozenset({"incidents", "requests", "executions"})
_AFTER_IT = frozenset({"switches", "storms", "messages"})
_LOCKS = re.compile(
    r"\s*(?:SELECT\b.*?\bFROM (\w+)\b.* FOR (?:NO KEY )?UPDATE|UPDATE (\w+)|INSERT INTO (\w+))", re.DOTALL
)


@dataclass(slots=True)
class _Held:
    """What a transaction has locked: tables with the ids that were named, and whether it may append to the audit."""

    rows: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    is_writer: bool = False

    def knows(self, table: str, ids: frozenset[str]) -> bool:
        return any(each == table and (ids & named or not ids) for each, named in self.rows)


@contextmanager
def watched_locks() -> Iterator[list[str]]:
    """Gathers what departs from the order that `bot.store.audit.lock` states, in all transactions of this process."""
    found: list[str] = []
    held: dict[Connection, _Held] = {}

    def begun(conn: Connection) -> None:
        held[conn] = _Held()

    def ended(conn: Connection) -> None:
        held.pop(conn, None)

    def executing(
        conn: Connection, _cursor: object, statement: str, parameters: object, _context: object, _many: bool
    ) -> None:
        if (mine := held.get(conn)) is None:
            return
        if _AUDIT in statement:
            if not mine.is_writer and (late := {table for table, _ in mine.rows} & _AFTER_IT):
                found.append(f"the audit after {', '.join(sorted(late))}")
            mine.is_writer = True
        elif locks := _LOCKS.match(statement):
            table = next(filter(None, locks.groups()))
            values = parameters.values() if isinstance(parameters, dict) else ()
            ids = frozenset(each for each in values if isinstance(each, str))
            is_new = locks[3] is not None
            if mine.is_writer and table in _BEFORE_IT and not is_new and not mine.knows(table, ids):
                found.append(f"{table} after the audit: {statement.partition(' WHERE ')[2]}")
            mine.rows.append((table, ids))

    listeners = (("begin", begun), ("commit", ended), ("rollback", ended), ("before_cursor_execute", executing))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)
