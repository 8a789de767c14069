"""One real PostgreSQL for the hosts: a database each, and the roles a bot is given."""

import secrets
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from psycopg import ClientCursor
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text

READ_ROLE = "countersign_read"
AIVO_WRITE_ROLE = "countersign_aivo_write"


class _Server(Protocol):
    def get_uri(self) -> str: ...
    def cleanup(self) -> None: ...


class Database:
    """One host's database; its engine (the owner's) exists while the cluster runs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """Connects as the owner. Raises RuntimeError before the world is started."""
        if self._engine is None:
            raise RuntimeError(f"database {self.name!r} is not open: start the world first")
        return self._engine

    def open(self, engine: Engine) -> None:
        """Called by the cluster as it starts."""
        self._engine = engine


class Cluster:
    """A throwaway cluster of our own, or a server that was named; gives engines (owner) and URLs (roles)."""

    def __init__(self, *, state_dir: Path, url: str | None) -> None:
        self._state_dir = state_dir
        self._given = url
        self._own: _Server | None = None
        self._folder: Path | None = None
        self._admin_url: URL | None = make_url(url).set(drivername="postgresql+psycopg") if url else None
        self.password = secrets.token_urlsafe(18)
        self._engines: list[Engine] = []
        self._databases: list[Database] = []

    def start(self) -> None:
        """Bring the server up, make the roles and open the databases asked for so far."""
        if self._given is None:
            self._admin_url = self._start_own()
        admin = self._engine(self._url())
        with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            if self._given is None:
                _trade_durability_for_speed(connection)
            for role in (READ_ROLE, AIVO_WRITE_ROLE):
                self._make_role(connection, role)
            for database in self._databases:
                self._make_database(connection, database)

    def stop(self) -> None:
        """Close every connection; a server of our own is stopped and its files removed."""
        for engine in self._engines:
            engine.dispose()
        self._engines.clear()
        if self._own is not None:
            self._own.cleanup()
            self._own = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._pointer.unlink(missing_ok=True)

    def database(self, name: str) -> Database:
        """One host's database; made, if it is not there, when the cluster starts."""
        database = Database(name)
        self._databases.append(database)
        return database

    def dsn(self, name: str, role: str) -> str:
        """The SQLAlchemy URL a role uses to reach one host's database."""
        url = self._url().set(database=self._full_name(name), username=role, password=self.password)
        return url.render_as_string(hide_password=False)

    @property
    def _pointer(self) -> Path:
        return self._state_dir / "postgres-folder"

    def _url(self) -> URL:
        if self._admin_url is None:
            raise RuntimeError("the cluster is not started")
        return self._admin_url

    def _full_name(self, name: str) -> str:
        return name if self._given is None else f"sandbox_{name}"  # never touch a real server's own `accrue`

    def _engine(self, url: URL) -> Engine:
        # Values are bound by the client: one text parameter may then serve columns of several types.
        arguments = {"options": "-c timezone=UTC", "cursor_factory": ClientCursor}
        engine = create_engine(url, connect_args=arguments)
        self._engines.append(engine)
        return engine

    def _start_own(self) -> URL:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs complains where XDG_RUNTIME_DIR is unset
            try:
                import pgserver  # noqa: PLC0415 - optional, and importing it makes folders
            except ImportError as error:
                raise RuntimeError(
                    "the hosts' tables need PostgreSQL: install the wheel pgserver (pip install countersign[demo]), "
                    "or name a throwaway server in SANDBOX_POSTGRES_URL"
                ) from error

            self._folder = self._find_folder()
            own: _Server = pgserver.get_server(self._folder, cleanup_mode="stop")  # type: ignore[attr-defined]  # not in its __all__
            self._own = own
        socket_folder = make_url(self._own.get_uri()).query["host"]
        return URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": socket_folder})

    def _find_folder(self) -> Path:
        """A short path (a unix socket's is at most ~100 characters); the last one again after a crash."""
        self._state_dir.mkdir(parents=True, exist_ok=True)
        if self._pointer.exists():
            last = Path(self._pointer.read_text())
            if last.is_dir():
                # The list of processes that use it still names the one that crashed: it would never be stopped.
                (last / ".handle_pids.json").unlink(missing_ok=True)
                return last
        folder = Path(tempfile.mkdtemp(prefix="countersign-pg-"))
        self._pointer.write_text(str(folder))
        return folder

    def _make_database(self, connection: Connection, database: Database) -> None:
        full = self._full_name(database.name)
        there = connection.execute(text("select 1 from pg_database where datname = :n"), {"n": full}).first()
        if there is None:
            connection.exec_driver_sql(f'create database "{full}"')
        database.open(self._engine(self._url().set(database=full)))

    def _make_role(self, connection: Connection, role: str) -> None:
        there = connection.execute(text("select 1 from pg_roles where rolname = :r"), {"r": role}).first()
        verb = "alter" if there else "create"
        # A role name and a token of url-safe characters, both ours: nothing from outside reaches this statement.
        connection.exec_driver_sql(f"{verb} role {role} login password '{self.password}' nosuperuser nocreatedb")
        if role == READ_ROLE:
            connection.exec_driver_sql(f"alter role {role} set default_transaction_read_only = on")


def rebuild(connection: Connection, schema_file: Path) -> None:
    """Empty a host's database and lay its tables anew. Drops everything in it."""
    connection.exec_driver_sql("set local lock_timeout = '5s'")
    connection.exec_driver_sql("drop schema if exists public cascade")
    connection.exec_driver_sql("drop schema if exists world cascade")
    connection.exec_driver_sql("create schema public")
    connection.exec_driver_sql("create schema world")
    connection.exec_driver_sql(schema_file.read_text().replace("%", "%%"))


def grant_read(connection: Connection, columns: Mapping[str, Sequence[str]], *, role: str = READ_ROLE) -> None:
    """Let a role select these columns by table, and nothing else."""
    connection.exec_driver_sql(f"grant usage on schema public to {role}")
    for table, names in columns.items():
        connection.exec_driver_sql(f"grant select ({', '.join(names)}) on public.{table} to {role}")


def _trade_durability_for_speed(connection: Connection) -> None:
    """Our own cluster is thrown away: nothing in it is worth an fsync."""
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        connection.exec_driver_sql(f"alter system set {setting} = off")
    connection.exec_driver_sql("select pg_reload_conf()")
