"""The bot's own database: reached, of this version, writable, and its audit out of reach."""

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from bot.doctor.finding import Findings, broken, ok, warning
from bot.store import migrations
from bot.store.database import Database

_WHERE = "own database"
_MAY = text(
    "SELECT has_table_privilege('audit', 'UPDATE') OR has_table_privilege('audit', 'DELETE')"
    " OR has_table_privilege('audit', 'TRUNCATE')"
)
_DO = "See docs/database-roles.md"


def own_database(database: Database) -> Findings:
    """Raises Unavailable when it cannot be reached."""
    version, wanted = database.version(), migrations.head()
    if version is None:
        yield broken(_WHERE, "it has no tables yet", "Run countersign db upgrade")
        return
    if version != wanted:
        yield broken(_WHERE, f"its schema is {version}, this program needs {wanted}", "Run countersign db upgrade")
        return
    with database.read() as conn:
        kind = conn.dialect.name
    try:
        with database.begin() as conn:
            yield from _audit(conn)
    except DBAPIError:
        yield broken(_WHERE, "it cannot be written", "Give the role its rights, or the file's folder its owner")
        return
    yield ok(_WHERE, f"{kind}, schema {version}, writable")


def _audit(conn: Connection) -> Findings:
    if conn.dialect.name != "postgresql":
        return
    if conn.scalar(_MAY):
        yield warning(_WHERE, "this role may change the audit, beside its triggers", _DO)
