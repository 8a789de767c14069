"""Databases for tests: a fresh, migrated one per test, of either kind, and a PostgreSQL server to restart."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import create_engine, make_url, text

from bot.store.database import Database
from tests.kit.lock_order import watched_locks


class PostgreSQL:
    """A server of our own on a unix socket, with a migrated template to make databases from in milliseconds."""

    def __init__(self, folder: Path, *, is_hurried: bool) -> None:
        """`is_hurried` leaves out what only a machine's own crash needs; a killed process loses nothing by it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pgserver asks for a runtime folder at import; it has one given
            from pgserver._commands import POSTGRES_BIN_PATH  # noqa: PLC0415 - it has no public way to restart
            from pgserver.postgres_server import get_server  # noqa: PLC0415 - slow, and only these tests need it

            self._server: Any = get_server(folder, cleanup_mode="delete")
        self._folder = folder
        self._pg_ctl = str(POSTGRES_BIN_PATH / "pg_ctl")
        self._numbers = count(1)
        self._admin = create_engine(self._address("postgres"), isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        if is_hurried:
            for setting in ("fsync", "full_page_writes"):
                self._execute(f"ALTER SYSTEM SET {setting} = off")
            self._execute("SELECT pg_reload_conf()")
        self._execute('CREATE DATABASE "template"')
        with closing(Database(self._address("template"))) as template:
            template.migrate()

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a new database, dropped at the end whoever is still connected; then no two may have deadlocked."""
        name = f"test_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}"' + (' TEMPLATE "template"' if migrated else ""))
        try:
            yield self._address(name)
            deadlocks = self._deadlocks(name)
        finally:
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        assert deadlocks == 0, f"PostgreSQL had to end {deadlocks} transactions that waited for each other"

    def restart(self, mode: Literal["fast", "immediate"]) -> None:
        """`fast` ends every session and rolls back; `immediate` is a crash, and the start a recovery."""
        log = self._folder / "log"
        socket = f"-h '' -k {self._folder}"
        self._control("restart", "-m", mode, "-l", str(log), "-o", socket)
        self._server.ensure_postgres_running()  # learns the new process, which it is to stop at the end

    def stop(self) -> None:
        self._admin.dispose()
        self._server.cleanup()

    def _control(self, *arguments: str) -> None:
        # The server inherits these streams: pipes would never end.
        owner = self._server.system_user
        subprocess.run(
            [self._pg_ctl, "-w", "-D", str(self._folder), *arguments],
            user=owner,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=20,
        )

    def _address(self, name: str) -> str:
        url = make_url(self._server.get_uri(database=name)).set(drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)

    def _deadlocks(self, name: str) -> int:
        with self._admin.connect() as conn:
            query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = :name")
            return int(conn.scalar(query, {"name": name}) or 0)

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as conn:
            conn.execute(text(statement))


@contextmanager
def running_postgresql(*, is_hurried: bool = True) -> Iterator[PostgreSQL]:
    """A server that lives for the block. The folder's path is short, for it is part of a socket's name."""
    folder = Path(tempfile.mkdtemp(prefix=f"pg{os.getpid()}-"))
    server = PostgreSQL(folder, is_hurried=is_hurried)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for all tests of this process."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    with closing(Database(f"sqlite:///{path}")) as template:
        template.migrate()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database: every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "countersign.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    with request.getfixturevalue("postgresql").fresh() as url, watched_locks() as out_of_order:
        yield url
    assert not out_of_order, "two that lock in different orders wait for each other"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database: every test that asks for it runs on both kinds."""
    with closing(Database(database_url)) as fresh:
        yield fresh


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated SQLite file, for tests that need a database but not both kinds."""
    path = tmp_path / "countersign.db"
    shutil.copyfile(sqlite_template, path)
    with closing(Database(f"sqlite:///{path}")) as fresh:
        yield fresh
