"""How SQLite and PostgreSQL are connected to, and what each connection is told first."""

import sqlite3

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import ConnectionPoolEntry

PATIENCE = 10
"""Seconds that a transaction waits for a connection or a lock before it is refused."""

_POSTGRESQL_OPTIONS = (
    f"-c timezone=UTC -c lock_timeout={PATIENCE}s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
)


def sqlite_engines(url: URL) -> tuple[Engine, Engine]:
    """One that writes and one that cannot."""
    # One writing connection: writers queue in the pool, first come first served, where SQLite's own lock would
    # have them poll and overtake one another. Its busy timeout is for other processes (the command line).
    writes = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=PATIENCE, hide_parameters=True)
    reads = create_engine(url, pool_size=8, max_overflow=24, pool_timeout=PATIENCE, hide_parameters=True)
    event.listen(writes, "connect", _prepare_sqlite_writer)
    event.listen(writes, "begin", _begin_immediate)
    event.listen(reads, "connect", _prepare_sqlite_reader)
    event.listen(reads, "begin", _begin_deferred)
    return writes, reads


def _prepare_sqlite_writer(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late, and as a reader
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_sqlite_reader(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
    connection.execute("PRAGMA query_only = ON")


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")


def postgresql_engines(url: URL) -> tuple[Engine, Engine]:
    """One that writes, and one for reading from one snapshot; they share a pool."""
    given = url.query.get("options", "")
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=PATIENCE,
        hide_parameters=True,  # errors quote statements, never what was bound to them
        connect_args={
            "options": f"{_POSTGRESQL_OPTIONS} {given if isinstance(given, str) else ' '.join(given)}",
            "connect_timeout": 5,
            "fallback_application_name": "countersign",
        },
    )
    return engine, engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
