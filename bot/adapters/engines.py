"""Engines for the billing systems' databases: small pools in UTC, that give up on a silent server."""

import sqlite3

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.core.errors import Refused

PATIENCE = 5
"""Seconds to connect, or to wait for a free connection."""


def engine_of(url: URL, *, name: str) -> Engine:
    """A small pool of connections. Raises Refused when the DSN is of another kind of database."""
    try:
        match url.get_backend_name():
            case "postgresql" | "postgres":
                return _postgresql(url)
            case "sqlite":
                return _sqlite(url)
    except (NoSuchModuleError, ImportError) as error:
        raise Refused(name, "its DSN names a driver that is not installed") from error
    raise Refused(name, "its DSN is not postgresql:// or sqlite:///")


def _postgresql(url: URL) -> Engine:
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    return create_engine(
        url.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=4,
        pool_timeout=PATIENCE,
        pool_recycle=600,
        hide_parameters=True,  # errors quote statements, never what was bound to them
        connect_args={
            "options": f"{options} -c timezone=UTC -c idle_in_transaction_session_timeout=60s".strip(),
            "connect_timeout": PATIENCE,
            "tcp_user_timeout": 20_000,  # milliseconds until a silent server counts as gone
            "fallback_application_name": "countersign",
        },
    )


def _sqlite(url: URL) -> Engine:
    read_only = url.set(database=f"file:{url.database}").update_query_dict({"mode": "ro", "uri": "true"})
    engine = create_engine(read_only, pool_size=4, pool_timeout=PATIENCE, hide_parameters=True)
    event.listen(engine, "connect", _query_only)
    return engine


def _query_only(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only = ON")
