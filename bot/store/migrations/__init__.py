"""The history of the schema, run by Alembic inside a transaction of the caller's."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(conn: Connection) -> None:
    """Applies every revision that is missing."""
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def head() -> str | None:
    """The revision that this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(conn: Connection) -> str | None:
    """The revision this database is at; None before the first."""
    return MigrationContext.configure(conn).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
