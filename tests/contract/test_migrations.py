"""The schema that migrations make is the schema of the tables, on both databases."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.store import migrations
from bot.store.database import Database
from bot.store.tables import metadata
from tests.kit.databases import PostgreSQL

LATEST = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()  # the last of the line

_POSTGRESQL_SCHEMA = """
    SELECT 'column', format('%s.%s', table_name, column_name),
           format('%s %s %s %s %s', data_type, character_maximum_length, is_nullable, column_default, is_identity)
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'
    UNION ALL SELECT 'index', indexname, indexdef
      FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database without any table yet."""
    if request.param == "sqlite":
        with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('empty')}/var/empty.db")) as database:
            yield database
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.fresh(migrated=False) as url, closing(Database(url)) as database:
        yield database


def test_alembic_finds_no_difference_between_the_migrations_and_the_tables(database: Database) -> None:
    with database.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_the_migrations_make_exactly_the_columns_indexes_and_triggers_of_the_tables(database: Database) -> None:
    migrated = _schema(database)

    with database.begin() as conn:
        metadata.drop_all(conn)
        metadata.create_all(conn)

    assert migrated == _schema(database)


def test_an_empty_database_is_brought_to_the_latest_version(empty: Database) -> None:
    empty.migrate()

    assert empty.version() == LATEST


def test_replicas_that_migrate_at_once_all_succeed(empty: Database) -> None:
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            empty.migrate()
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)

    threads = [Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert empty.version() == LATEST


def _schema(database: Database) -> set[tuple[object, ...]]:
    with database.read() as conn:
        return _sqlite_schema(conn) if conn.dialect.name == "sqlite" else _postgresql_schema(conn)


def _postgresql_schema(conn: Connection) -> set[tuple[object, ...]]:
    return {tuple(row) for row in conn.execute(text(_POSTGRESQL_SCHEMA))}


def _sqlite_schema(conn: Connection) -> set[tuple[object, ...]]:
    rows = conn.execute(text("SELECT type, name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'"))
    # A table's clauses stand one to a line, but for columns that were added later; their order does not matter.
    return {(row.type, row.name, frozenset(_clauses(row.sql or ""))) for row in rows}


def _clauses(sql: str) -> Iterator[str]:
    for line in sql.replace(", ", "\n").splitlines():
        if clause := line.strip(" ,\t()"):
            yield clause
