"""Triggers that let the audit grow by its next entry and by nothing else, whatever the bot's role may do elsewhere."""

from collections.abc import Mapping

from sqlalchemy import Connection

STATEMENTS: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        """
        CREATE TRIGGER audit_next_only BEFORE INSERT ON audit
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
        BEGIN SELECT RAISE(ABORT, 'the audit takes its next entry only'); END
        """,
        """
        CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
        """,
        """
        CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END
        """,
    ),
    "postgresql": (
        """
        CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          next_seq bigint;
        BEGIN
          IF TG_OP = 'INSERT' THEN
            -- This very table: a temporary one of the same name would be found first.
            EXECUTE 'SELECT coalesce(max(seq), 0) + 1 FROM ' || TG_RELID::regclass INTO next_seq;
            IF NEW.seq IS DISTINCT FROM next_seq THEN
              RAISE EXCEPTION 'the audit takes its next entry only';
            END IF;
            RETURN NEW;
          END IF;
          RAISE EXCEPTION 'the audit is append-only';
        END $$
        """,
        """
        CREATE TRIGGER audit_row BEFORE INSERT OR UPDATE OR DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()
        """,
        """
        CREATE TRIGGER audit_table BEFORE TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
        """,
    ),
}
"""The triggers, by dialect, for a database that has the table and not them."""


def protect(conn: Connection) -> None:
    """Puts the triggers on; the first migration calls this after it created the table."""
    for statement in STATEMENTS[conn.dialect.name]:
        conn.exec_driver_sql(statement)
