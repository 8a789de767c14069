"""What somebody with the keys to the database may do to the audit."""

from collections.abc import Callable

from sqlalchemy import Connection

from bot.store.database import Database


def tamper(database: Database, change: Callable[[Connection], object]) -> None:
    """Take the triggers off, and change it."""
    with database.begin() as conn:
        if conn.dialect.name == "sqlite":
            for name in ("audit_next_only", "audit_no_update", "audit_no_delete"):
                conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        else:
            conn.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        change(conn)
