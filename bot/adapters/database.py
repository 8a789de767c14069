"""The billing systems' databases through SQLAlchemy: bounded reads that cannot write, and one bounded change."""

import json
import re
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import cast

from sqlalchemy import Connection, CursorResult, Row, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.adapters.engines import PATIENCE, engine_of
from bot.adapters.privileges import may_write
from bot.core.egress import mask
from bot.core.errors import CountersignError, Refused, TimedOut, Unavailable, Unknown
from bot.core.ports import Bind, Change, Rows

_CANCELED = "57014"  # the statement ran into its timeout
_LOCKED = "55P03"
_LONGEST_REASON = 200
_QUOTING = {"22", "P0"}  # errors about a value, which they quote: it may be anything that a row holds
_QUOTED = re.compile(r"\".*\"|'.*'")
_FATAL = re.compile(r"FATAL:\s+(.+)")


class Reader:
    """The ReadDatabase port, over PostgreSQL or a SQLite file.

    The first read asks whether the role may write; such a DSN is refused unless `trusted`.
    """

    def __init__(self, dsn: str, *, name: str, trusted: bool = False, ceiling: float | None = None) -> None:
        self._name = name
        self._ceiling = ceiling
        self._engine = engine_of(make_url(dsn), name=name)
        self._is_sound = trusted
        self._judging = Lock()

    def read(self, query: str, *, binds: Mapping[str, Bind], limit: int, timeout: float) -> Rows:
        """At most `limit` rows of one SELECT, in a read-only transaction."""
        seconds = min(timeout, self._ceiling) if self._ceiling else timeout
        with _translated(self._name, seconds), self._transaction(seconds) as conn:
            self._refuse_a_writer(conn)
            streamed = conn.execution_options(stream_results=True, max_row_buffer=limit + 1)
            with streamed.execute(text(query), _bound(conn, binds)) as result:
                rows = result.fetchmany(limit + 1)
                return Rows(columns=tuple(result.keys()), rows=_plain(rows[:limit]), cut=len(rows) > limit)

    def explain(self, query: str, *, names: Collection[str]) -> None:
        """Has the query planned and not run. Raises Refused when a table, a column or a right is missing."""
        with _translated(self._name, PATIENCE), self._transaction(PATIENCE) as conn:
            conn.execute(text(f"EXPLAIN {query}"), dict.fromkeys(names))

    def version(self) -> str:
        """Which database it is."""
        with _translated(self._name, PATIENCE), self._transaction(PATIENCE) as conn:
            is_sqlite = conn.dialect.name == "sqlite"
            found = conn.scalar(text("SELECT sqlite_version()" if is_sqlite else "SHOW server_version"))
        return f"{'SQLite' if is_sqlite else 'PostgreSQL'} {str(found).split()[0]}"

    def may_write(self) -> str | None:
        """What this DSN's role may change, in words; None when it may change nothing."""
        with _translated(self._name, PATIENCE), self._transaction(PATIENCE) as conn:
            return may_write(conn)

    def close(self) -> None:
        self._engine.dispose()

    def _refuse_a_writer(self, conn: Connection) -> None:
        if self._is_sound:
            return
        with self._judging:
            found = may_write(conn)
            if found:
                raise Refused(self._name, f"its role {found}; diagnose with a role that may only select")
            self._is_sound = True

    @contextmanager
    def _transaction(self, seconds: float) -> Iterator[Connection]:
        with self._engine.connect() as conn:
            if conn.dialect.name == "sqlite":
                with _interrupted(conn, seconds):
                    yield conn
                return
            conn.execution_options(postgresql_readonly=True)
            with conn.begin():
                _bound_by(conn, seconds)
                yield conn


class Writer:
    """The WriteDatabase port, over PostgreSQL."""

    def __init__(self, dsn: str, *, name: str, ceiling: float | None = None) -> None:
        self._name = name
        self._ceiling = ceiling
        url = make_url(dsn)
        if url.get_backend_name() not in {"postgresql", "postgres"}:
            raise Refused(name, "changes are made in PostgreSQL only; its DSN is of another kind")
        self._engine = engine_of(url, name=name)

    def change(self, change: Change, *, timeout: float) -> Rows:
        """Carry it out in one transaction; the rows as they were before.

        Raises Refused when the rows are not those that were approved, Unknown when the connection is lost as it
        commits, and Unavailable when it certainly did not happen.
        """
        seconds = min(timeout, self._ceiling) if self._ceiling else timeout
        with _translated(self._name, seconds), self._engine.connect() as conn:
            transaction = conn.begin()
            _bound_by(conn, seconds)
            before = self._locked(conn, change)
            self._write(conn, change, rows=len(before.rows))
            try:
                transaction.commit()
            except DBAPIError as error:
                if _is_lost(error):
                    raise Unknown(self._name, "the connection broke as the change was committed") from error
                raise
            return before

    def close(self) -> None:
        self._engine.dispose()

    def _locked(self, conn: Connection, change: Change) -> Rows:
        result = conn.execute(text(change.lock), _bound(conn, change.binds))
        columns = tuple(result.keys())
        missing = {change.id_column, *change.columns} - set(columns)
        if missing:
            raise Refused(self._name, f"lock: gives no column {', '.join(sorted(missing))}")
        rows = result.fetchmany(change.max_rows + 1)
        if len(rows) > change.max_rows:
            raise Refused(self._name, f"more than {change.max_rows} rows would change")
        position = columns.index(change.id_column)
        ids = [str(row[position]) for row in rows]
        is_approved = frozenset(ids) <= change.expected if change.may_shrink else frozenset(ids) == change.expected
        if len(ids) != len(set(ids)) or not is_approved:
            raise Refused(self._name, _difference(frozenset(ids), change.expected))
        return Rows(columns=columns, rows=_plain(rows), cut=False)

    def _write(self, conn: Connection, change: Change, *, rows: int) -> None:
        result = cast("CursorResult[object]", conn.execute(text(change.statement), _bound(conn, change.binds)))
        if result.rowcount != rows:
            raise Refused(self._name, f"the statement would change {result.rowcount} rows, not the {rows} locked")


def _difference(found: frozenset[str], expected: frozenset[str]) -> str:
    return (
        f"the rows are no longer those that were approved: {len(expected - found)} of {len(expected)} are gone, "
        f"{len(found - expected)} are new; nothing was changed"
    )


def _bound_by(conn: Connection, seconds: float) -> None:
    milliseconds = str(max(1, round(seconds * 1000)))
    conn.execute(
        text("SELECT set_config('statement_timeout', :ms, true), set_config('lock_timeout', :ms, true)"),
        {"ms": milliseconds},
    )


@contextmanager
def _interrupted(conn: Connection, seconds: float) -> Iterator[None]:
    connection = cast(sqlite3.Connection, conn.connection.driver_connection)
    until = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > until, 1000)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def _bound(conn: Connection, binds: Mapping[str, Bind]) -> dict[str, object]:
    if conn.dialect.name != "sqlite":
        return dict(binds)
    # SQLite has no arrays: `in (select value from json_each(:ids))`.
    return {name: json.dumps(value) if isinstance(value, list | tuple) else value for name, value in binds.items()}


def _plain(rows: Sequence[Row[tuple[object, ...]]]) -> tuple[tuple[object, ...], ...]:
    return tuple(tuple(row) for row in rows)


@contextmanager
def _translated(name: str, seconds: float) -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(name, f"no connection free within {PATIENCE} s") from error
    except DBAPIError as error:
        raise _told(name, error, seconds) from error
    except SQLAlchemyError as error:
        raise Refused(name, mask(str(error))[:_LONGEST_REASON]) from error


def _told(name: str, error: DBAPIError, seconds: float) -> CountersignError:
    code = getattr(error.orig, "sqlstate", None)
    if code == _CANCELED or "interrupted" in str(error.orig):
        return TimedOut(name, seconds)
    if code == _LOCKED:
        return Unavailable(name, "somebody else holds the rows")
    if _is_lost(error):
        fatal = _FATAL.search(str(error.orig))  # the server's own word: a wrong password, too many connections
        return Unavailable(name, mask(f"no connection: {fatal[1]}")[:_LONGEST_REASON] if fatal else "no connection")
    if isinstance(error, OperationalError) and not isinstance(error.orig, sqlite3.Error):
        return Unavailable(name, _reason(error))
    return Refused(name, _reason(error))


def _is_lost(error: DBAPIError) -> bool:
    """Whether the server went away: no code of its own, or one of the class of shutdowns and broken connections."""
    code = getattr(error.orig, "sqlstate", None)
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorname", "") == "SQLITE_CANTOPEN"
    return error.connection_invalidated or code is None or code[:2] in {"08", "57"}


def _reason(error: DBAPIError) -> str:
    primary: str | None = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    lines = (primary or str(error.orig)).strip().splitlines()
    line = lines[0] if lines else type(error.orig).__name__
    if (getattr(error.orig, "sqlstate", None) or "")[:2] in _QUOTING:
        line = _QUOTED.sub("“…”", line)
    return mask(line)[:_LONGEST_REASON]
