"""Whether a database role may change anything."""

from sqlalchemy import Connection, text

_RECOVERY = text("SELECT pg_is_in_recovery()")
_SUPERUSER = text("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user")
_CHANGEABLE = text(
    """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg\\_t%'
      AND has_schema_privilege(n.oid, 'USAGE')
      AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
           OR has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
    ORDER BY 1 LIMIT 4
    """
)


def may_write(conn: Connection) -> str | None:
    """What the role may change, as the end of a sentence (`may change public.a`); None when nothing.

    Privileges decide, not default_transaction_read_only, which a session may set back. A standby cannot be written,
    nor can SQLite, which is opened read-only.
    """
    if conn.dialect.name == "sqlite" or conn.scalar(_RECOVERY):
        return None
    if conn.scalar(_SUPERUSER):
        return "is a superuser"
    tables = [str(name) for name in conn.scalars(_CHANGEABLE)]
    if not tables:
        return None
    return f"may change {', '.join(tables[:3])}{' and more' if len(tables) > 3 else ''}"
