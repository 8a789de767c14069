"""What the inside asks of the outside, named for the need; one to three methods each.

Every method takes its deadline as `timeout` in seconds and raises only errors of `bot.core.errors`.
A write that was sent but not answered raises `Unknown`; a write that certainly did not happen raises
`Unavailable`, `Refused` or `NotInstalled`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from bot.core.evidence import Cell, Series

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""A value as `json.loads` gives it."""

Bind = Cell | Sequence[str] | Sequence[int]
"""A value that may be bound to a statement; a sequence is bound as an array."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One element of an instant vector."""

    labels: Mapping[str, str]
    at: float
    value: float


class Metrics(Protocol):
    """Prometheus."""

    def instant(self, query: str, *, at: datetime | None, timeout: float) -> tuple[Sample, ...]: ...

    def range(
        self, query: str, *, start: datetime, end: datetime, step: timedelta, timeout: float
    ) -> tuple[Series, ...]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """A result set: columns and values as the database's driver gave them, and at most `limit` rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    cut: bool


class ReadDatabase(Protocol):
    """A database that is only read: read-only transaction, statement timeout, row cap."""

    def read(self, query: str, *, binds: Mapping[str, Bind], limit: int, timeout: float) -> Rows: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One bounded write: what is about to change is read and locked first, in the same transaction.

    `expected` is the set of ids that was approved; if the locked rows are not exactly these (or, where they
    `may_shrink`, hold any other), or lack one of `columns`, nothing is written and `Refused` is raised.
    """

    lock: str
    statement: str
    binds: Mapping[str, Bind]
    id_column: str
    expected: frozenset[str]
    columns: tuple[str, ...]
    max_rows: int
    may_shrink: bool = False


class WriteDatabase(Protocol):
    """A database with a role that may change the few columns an action names."""

    def change(self, change: Change, *, timeout: float) -> Rows:
        """Carry the change out; return the locked rows as they were before it (the snapshot)."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpCall:
    """One call to a resource: `path` begins with `/` and is already encoded."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    json: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    acts: bool = False  # a GET by which the host does something: sent, and judged when it is lost, as a write

    @property
    def is_read(self) -> bool:
        return self.method in {"GET", "HEAD"} and not self.acts


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpReply:
    """What came back: `body` is the parsed JSON, or None where there was none or it was not JSON."""

    status: int
    body: Json
    request_id: str | None


class Http(Protocol):
    """A host's HTTP API. Any status is a reply; only no reply at all is an error."""

    def send(self, call: HttpCall, *, timeout: float) -> HttpReply: ...


class StripeRead(Protocol):
    """Stripe's API, GET by construction."""

    def get(self, path: str, params: Mapping[str, Json], *, timeout: float) -> Json: ...


class StripeWrite(Protocol):
    """Stripe's API with the write key; every call carries an idempotency key."""

    def post(
        self, path: str, params: Mapping[str, Json], *, idempotency_key: str, timeout: float
    ) -> tuple[Json, str | None]:
        """Return the object and Stripe's request id."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Exit:
    """How a command ended; `output` is its standard output, cut."""

    code: int
    output: str


class Command(Protocol):
    """A release command of a host, as an argument list; never a shell."""

    def run(self, arguments: Sequence[str], *, timeout: float) -> Exit: ...


class Resources(Protocol):
    """The connected resources of one system, by the name the rules file gave them.

    Each raises `NotConnected` when the resource's variable is unset.
    """

    def metrics(self, name: str) -> Metrics: ...

    def read_database(self, name: str) -> ReadDatabase: ...

    def write_database(self, name: str) -> WriteDatabase: ...

    def http(self, name: str) -> Http: ...

    def stripe_read(self, name: str) -> StripeRead: ...

    def stripe_write(self, name: str) -> StripeWrite: ...

    def command(self, name: str) -> Command: ...


class Silences(Protocol):
    """Alertmanager, asked whether somebody has silenced alerts."""

    def silenced(self, fingerprints: frozenset[str], *, timeout: float) -> Mapping[str, bool]:
        """Of those that it has: whether each is silenced. Raises `Unavailable` when it does not say."""
        ...


class Alerting(Silences, Protocol):
    """Alertmanager, asked which alerts it has, and since when it has been there to have any."""

    def since(self, *, timeout: float) -> datetime:
        """When it was started. Raises `Unavailable` when it does not say."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Silenced:
    """A silence as Alertmanager tells it; `matchers` are in its own grammar."""

    number: str
    is_over: bool
    matchers: tuple[str, ...]
    created_by: str
    comment: str
    ends_at: datetime


class Silencer(Protocol):
    """Alertmanager, told to silence alerts. None of these says who may."""

    def silences(self, *, timeout: float) -> Sequence[Silenced]:
        """All it has, those that ended lately included."""
        ...

    def silence(
        self,
        matchers: Mapping[str, str],
        *,
        since: datetime,
        until: datetime,
        created_by: str,
        comment: str,
        timeout: float,
    ) -> str:
        """Make one; returns Alertmanager's number for it."""
        ...

    def end_silence(self, number: str, *, timeout: float) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A member of the workspace as Slack knows them."""

    id: str
    name: str
    email: str | None
    is_bot: bool
    is_deleted: bool
    is_guest: bool
    is_stranger: bool


class Directory(Protocol):
    """Who people are. Unknown means no: both raise `Unavailable` rather than guess."""

    def person(self, user_id: str) -> Person: ...

    def members(self, usergroup_id: str) -> frozenset[str]: ...
