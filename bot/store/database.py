"""The database under everything: SQLite or PostgreSQL, write and read transactions, migrations, and its errors."""

import fcntl
import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.core.errors import SettingsError, Unavailable
from bot.store import migrations
from bot.store.engines import PATIENCE, postgresql_engines, sqlite_engines

_MIGRATION_LOCK = 7_266_118_390  # any number of our own: the advisory lock that replicas starting together share
_SQLITE_OUTSIDE = {"BUSY", "LOCKED", "IOERR", "FULL", "CANTOPEN", "PROTOCOL"}  # not our mistake
_NO_PRIVILEGE = "42501"  # PostgreSQL's code
_AFTER_COMMIT = "countersign.after_commit"


class Database:
    """The bot's own database.

    SQLite is for one process (WAL, each commit on disk before it is answered); PostgreSQL for any number of
    replicas. Everything raised here for a reason outside the program is `Unavailable`. When the connection breaks
    during a commit the transaction may have taken effect all the same: what follows must be safe to repeat.
    """

    def __init__(self, url: str) -> None:
        parsed = _parsed(url)
        self._path: Path | None = None
        match parsed.get_backend_name():
            case "sqlite":
                self._path = _sqlite_path(parsed)
                self._writes, self._reads = sqlite_engines(parsed)
            case "postgresql" | "postgres":
                self._writes, self._reads = postgresql_engines(parsed)
            case other:
                raise SettingsError(f"COUNTERSIGN_DATABASE_URL: {other} is not sqlite:/// or postgresql://")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: commits at the end of the block, rolls back if it raises.

        On SQLite there is one at a time; do not open a second one inside it, and do nothing slow in it.
        """
        with _outside_errors(), self._writes.begin() as conn:
            hooks: list[Callable[[], None]] = []
            conn.info[_AFTER_COMMIT] = hooks
            yield conn
        for hook in hooks:
            hook()

    @contextmanager
    def one_statement(self) -> Iterator[Connection]:
        """For a write of one statement, committed when it returns: on PostgreSQL two round trips fewer than `begin`."""
        if self._path is not None:
            with self.begin() as conn:
                yield conn
            return
        with _outside_errors(), self._writes.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only transaction over one snapshot; a write in it is refused by the database."""
        with _outside_errors(), self._reads.begin() as conn:
            yield conn

    def hold(self, name: str) -> Callable[[], None] | None:
        """Takes a name for this process alone; gives it back when called. None while another process holds it.

        The system lets go of it when a process ends, however it ends.
        """
        with _outside_errors():
            return _held_file(self._path, name) if self._path else _held_lock(self._writes, name)

    def migrate(self) -> None:
        """Brings the schema to this program's version; replicas that start together take turns.

        Raises SettingsError when it is older and this role may not change it.
        """
        if self._path is not None:
            _make_folder(self._path.parent)
        with _privileges_wanted(), self.begin() as conn:
            if conn.dialect.name == "postgresql":
                conn.execute(text("SET LOCAL lock_timeout = 0"))
                conn.execute(text("SET LOCAL statement_timeout = 0"))
                conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            migrations.upgrade(conn)

    def version(self) -> str | None:
        """The revision of the schema as it stands; None when there is none yet."""
        with self.read() as conn:
            return migrations.current(conn)

    def close(self) -> None:
        """Closes every pooled connection."""
        self._writes.dispose()
        self._reads.dispose()


def after_commit(conn: Connection, hook: Callable[[], None]) -> None:
    """Calls `hook` once the write transaction of `conn` is committed, and not at all if it rolls back.

    For wake-up calls only: a crash in between loses it.
    """
    hooks: list[Callable[[], None]] = conn.info[_AFTER_COMMIT]
    hooks.append(hook)


def insert_new(conn: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Inserts the row unless one of its unique keys is taken; says whether it did."""
    dialect = postgresql if conn.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table).values(**values).on_conflict_do_nothing()
    # The count of rows is not told for an insert whose key the database makes; a returned row is.
    return conn.execute(insert.returning(*table.primary_key.columns)).first() is not None


def _held_file(path: Path, name: str) -> Callable[[], None] | None:
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    file = path.with_name(f"{path.name}.{digest}.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file.close


def _held_lock(engine: Engine, name: str) -> Callable[[], None] | None:
    """A transaction of its own that stays open: a pooler that hands out connections by transaction keeps it, too."""
    key = int.from_bytes(hashlib.sha256(f"countersign/{name}".encode()).digest()[:8], signed=True)
    conn = engine.connect()
    conn.detach()
    conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    if conn.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}):
        return conn.close
    conn.close()
    return None


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # their texts may quote a password
        raise SettingsError(
            "COUNTERSIGN_DATABASE_URL: it is no URL such as sqlite:///var/countersign.db or postgresql://user:…@host/name"
        ) from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"COUNTERSIGN_DATABASE_URL: the folder {folder} cannot be made: {error.strerror}"
        ) from error


def _sqlite_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise SettingsError("COUNTERSIGN_DATABASE_URL: name a file, as in sqlite:///var/countersign.db")
    return Path(url.database)


@contextmanager
def _outside_errors() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("database", f"no connection free within {PATIENCE} s") from error
    except DBAPIError as error:
        if not _is_outside(error):
            raise
        raise Unavailable("database", _first_line(error.orig)) from error


@contextmanager
def _privileges_wanted() -> Iterator[None]:
    try:
        yield
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != _NO_PRIVILEGE:
            raise
        raise SettingsError(
            "COUNTERSIGN_DATABASE_URL: its tables are not of this version, and this role may not change them: run "
            "countersign db upgrade as the role that owns them (docs/database-roles.md)"
        ) from error


def _is_outside(error: DBAPIError) -> bool:
    """Whether the cause is the database's condition (down, restarting, busy, full) and not our statement."""
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        name = getattr(error.orig, "sqlite_errorname", "")
        return any(name.startswith(f"SQLITE_{reason}") for reason in _SQLITE_OUTSIDE)
    return isinstance(error, OperationalError | InterfaceError)


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
