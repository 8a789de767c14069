"""Fakes of the ports: they answer from what a test gave them, and pass the contracts of the adapters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.errors import CountersignError, NotConnected, Refused
from bot.core.evidence import Cell, Series
from bot.core.ports import (
    Bind,
    Change,
    Command,
    Exit,
    Http,
    HttpCall,
    HttpReply,
    Json,
    Metrics,
    ReadDatabase,
    Rows,
    Sample,
    StripeRead,
    StripeWrite,
    WriteDatabase,
)

T = TypeVar("T")


@dataclass
class FakeMetrics:
    """Prometheus with canned vectors by query; an unknown query gives nothing. `error` is raised instead."""

    vectors: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    lines: Mapping[str, Sequence[Series]] = field(default_factory=dict)
    error: CountersignError | None = None
    asked: list[str] = field(default_factory=list)

    def instant(self, query: str, *, at: datetime | None, timeout: float) -> tuple[Sample, ...]:
        self.asked.append(query)
        if self.error:
            raise self.error
        return tuple(self.vectors.get(query, ()))

    def range(
        self, query: str, *, start: datetime, end: datetime, step: timedelta, timeout: float
    ) -> tuple[Series, ...]:
        if self.error:
            raise self.error
        return tuple(self.lines.get(query, ()))


@dataclass
class FakeReadDatabase:
    """A database whose answer to any query is `columns` and `rows`, cut at the limit."""

    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[Cell, ...]] = ()
    error: CountersignError | None = None
    bound: list[Mapping[str, Bind]] = field(default_factory=list)

    def read(self, query: str, *, binds: Mapping[str, Bind], limit: int, timeout: float) -> Rows:
        self.bound.append(binds)
        if self.error:
            raise self.error
        return Rows(columns=self.columns, rows=tuple(self.rows[:limit]), cut=len(self.rows) > limit)


@dataclass
class FakeWriteDatabase:
    """A table of rows by id; a change takes the approved ones to `changed`, as the transaction would."""

    columns: tuple[str, ...]
    rows: dict[str, tuple[Cell, ...]]
    error: CountersignError | None = None
    changed: list[frozenset[str]] = field(default_factory=list)

    def change(self, change: Change, *, timeout: float) -> Rows:
        if self.error:
            raise self.error
        missing = {change.id_column, *change.columns} - set(self.columns)
        if missing:
            raise Refused("database", f"lock: gives no column {', '.join(sorted(missing))}")
        if len(self.rows) > change.max_rows:
            raise Refused("database", f"more than {change.max_rows} rows would change")
        if self.rows.keys() != change.expected:
            raise Refused("database", "the rows are no longer those that were approved")
        before = Rows(columns=self.columns, rows=tuple(self.rows.values()), cut=False)
        self.changed.append(change.expected)
        self.rows = {}
        return before


@dataclass
class FakeHttp:
    """A host: replies by `METHOD path`; anything else is a 404 for an unknown route."""

    replies: Mapping[str, HttpReply | CountersignError] = field(default_factory=dict)
    calls: list[HttpCall] = field(default_factory=list)

    def send(self, call: HttpCall, *, timeout: float) -> HttpReply:
        self.calls.append(call)
        reply = self.replies.get(f"{call.method} {call.path}", not_found())
        if isinstance(reply, CountersignError):
            raise reply
        return reply


def ok(body: Json, *, status: int = 200) -> HttpReply:
    """A reply with JSON."""
    return HttpReply(status=status, body=body, request_id=None)


def not_found() -> HttpReply:
    """What a router says of a route it does not have."""
    return HttpReply(status=404, body={"error": "route_not_found", "message": "Route not found"}, request_id=None)


@dataclass
class FakeStripe:
    """Stripe with canned objects by path; both ports. A repeated idempotency key changes nothing further."""

    objects: dict[str, Json] = field(default_factory=dict)
    error: CountersignError | None = None
    asked: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)
    posted: dict[str, tuple[str, Mapping[str, Json]]] = field(default_factory=dict)

    def get(self, path: str, params: Mapping[str, Json], *, timeout: float) -> Json:
        self.asked.append((path, params))
        return self._object(path)

    def post(
        self, path: str, params: Mapping[str, Json], *, idempotency_key: str, timeout: float
    ) -> tuple[Json, str | None]:
        found = self._object(path)
        assert isinstance(found, Mapping)
        if idempotency_key not in self.posted:
            self.posted[idempotency_key] = (path, params)
            self.objects[path] = {**found, **params}
        return self.objects[path], f"req_{len(self.posted):014d}"

    def _object(self, path: str) -> Json:
        if self.error:
            raise self.error
        if path not in self.objects:
            raise Refused("stripe", "it answered 404: resource_missing", status=404)
        return self.objects[path]


@dataclass
class FakeCommand:
    """A release command that ends as `outcome` says."""

    outcome: Exit | CountersignError
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, arguments: Sequence[str], *, timeout: float) -> Exit:
        self.ran.append(tuple(arguments))
        if isinstance(self.outcome, CountersignError):
            raise self.outcome
        return self.outcome


@dataclass(kw_only=True)
class FakeResources:
    """Resources by name; one that was not given is not connected."""

    all_metrics: Mapping[str, Metrics] = field(default_factory=dict)
    readers: Mapping[str, ReadDatabase] = field(default_factory=dict)
    writers: Mapping[str, WriteDatabase] = field(default_factory=dict)
    hosts: Mapping[str, Http] = field(default_factory=dict)
    stripes: Mapping[str, StripeRead] = field(default_factory=dict)
    stripe_writers: Mapping[str, StripeWrite] = field(default_factory=dict)
    commands: Mapping[str, Command] = field(default_factory=dict)

    def metrics(self, name: str) -> Metrics:
        return _known(self.all_metrics, name)

    def read_database(self, name: str) -> ReadDatabase:
        return _known(self.readers, name)

    def write_database(self, name: str) -> WriteDatabase:
        return _known(self.writers, name)

    def http(self, name: str) -> Http:
        return _known(self.hosts, name)

    def stripe_read(self, name: str) -> StripeRead:
        return _known(self.stripes, name)

    def stripe_write(self, name: str) -> StripeWrite:
        return _known(self.stripe_writers, name)

    def command(self, name: str) -> Command:
        return _known(self.commands, name)


def _known(resources: Mapping[str, T], name: str) -> T:
    if name not in resources:
        raise NotConnected(name, f"{name.upper()}_URL")
    return resources[name]


@dataclass
class Answering:
    """A host whose every reply is made by a function of the call: it may wait, count, or fail."""

    reply: Callable[[HttpCall], HttpReply]

    def send(self, call: HttpCall, *, timeout: float) -> HttpReply:
        return self.reply(call)
