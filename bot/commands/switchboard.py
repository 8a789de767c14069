"""The switches for whoever operates the machine: over the bot's database, whether or not the bot or Slack runs."""

import getpass
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection

from bot.core.errors import BadInput, Unavailable
from bot.core.ports import Directory, Person
from bot.core.quoting import duration
from bot.desk import Declined, Done, engage, release
from bot.engine.catalog import Catalog, restore
from bot.slack.switch_view import listed
from bot.slack.switch_words import in_plain
from bot.store import contents, leases
from bot.store.database import Database
from bot.store.work import Job


class Switchboard:
    """Knows switches by the content that the bot was last at work with; acts as `cli:<user of the machine>`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._catalog = _catalog(database)
        self._person = f"cli:{getpass.getuser()}"[:64]
        self._desk = _Operator(database=database, catalog=self._catalog)

    def lines(self) -> list[str]:
        """Every switch, in a line each."""
        with self._database.read() as conn:
            return in_plain(listed(conn, self._catalog.systems))

    def engage(self, name: str, *, reason: str, ttl: str) -> str:
        """Stop what `name` is about; returns what to say. Raises BadInput with the reason why not."""
        try:
            length = duration(ttl)
        except ValueError as error:
            raise BadInput(str(error)) from error
        _done(engage(self._desk, person=self._person, name=name, reason=reason, ttl=length, operator=True))
        return f"{name} is engaged by {self._person}; the audit has it, and a running bot tells its channels"

    def release(self, name: str, *, reason: str) -> str:
        """Let it go on; returns what to say. Raises BadInput with the reason why not."""
        _done(release(self._desk, person=self._person, name=name, reason=reason, operator=True))
        return f"{name} is released by {self._person}; the audit has it"


class _Nobody:
    """The directory of a place where nobody is asked who they are."""

    def person(self, user_id: str) -> Person:
        raise Unavailable("directory", f"{user_id} cannot be looked up from the command line")

    def members(self, usergroup_id: str) -> frozenset[str]:
        raise Unavailable("directory", f"{usergroup_id} cannot be looked up from the command line")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Operator:
    """What switching works with where there is a database and nothing else."""

    database: Database
    catalog: Catalog
    directory: Directory = field(default_factory=_Nobody)

    def enqueue(self, conn: Connection, job: Job) -> None:
        leases.add(conn, job)

    def contents(self, _revision: str) -> Catalog:
        return self.catalog

    def revision(self) -> str:
        return self.catalog.revision

    def now(self) -> datetime:
        return datetime.now(UTC)

    def new_id(self) -> str:
        return str(uuid4())


def _catalog(database: Database) -> Catalog:
    with database.read() as conn:
        files = contents.latest(conn)
    return restore(files or {})


def _done(answer: Done | Declined) -> None:
    if isinstance(answer, Declined):
        raise BadInput(answer.say)
