"""From a system's rules file and the environment to connected resources, each made once and shared."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Literal, Protocol, TypeVar, cast

import httpx
from sqlalchemy.exc import ArgumentError

from bot.adapters.command import ReleaseCommand
from bot.adapters.database import Reader, Writer
from bot.adapters.http import HttpApi
from bot.adapters.prometheus import Prometheus
from bot.adapters.stripe import StripeReader, StripeWriter
from bot.core.errors import NotConnected, Refused
from bot.core.ports import Command, Http, Metrics, ReadDatabase, Resources, StripeRead, StripeWrite, WriteDatabase
from bot.engine.system import (
    CommandResource,
    DatabaseResource,
    HttpResource,
    PrometheusResource,
    Resource,
    StripeResource,
    System,
)

R = TypeVar("R", PrometheusResource, DatabaseResource, HttpResource, StripeResource, CommandResource)


class _Client(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Client)


class Connections:
    """All clients of all systems. Values come from `environ`, by the names the rules files give.

    With `trust_readers` a diagnose DSN whose role may write is accepted.
    """

    def __init__(self, environ: Mapping[str, str], *, trust_readers: bool = False) -> None:
        self._environ = {name: value for name, value in environ.items() if value}
        self._trust_readers = trust_readers
        self._clients: dict[str, _Client] = {}
        self._making = Lock()

    def of(self, system: System) -> Resources:
        """The resources of one system, by the names its rules file gives them."""
        return _Connected(self, system)

    def missing(self, system: System) -> tuple[str, ...]:
        """The unset variables among those this system cannot be asked without."""
        named = [name for resource in system.resources.values() for name in _required(resource)]
        return tuple(dict.fromkeys(name for name in named if name not in self._environ))

    def stripe_mode(self, system: System) -> Literal["test", "live"] | None:
        """What the system's Stripe key is for, by how it begins; None where that is not known, and for a fake."""
        named = [each.stripe for each in system.resources.values() if isinstance(each, StripeResource)]
        keys = [self._environ[name] for name in named if name in self._environ]
        if "STRIPE_API_URL" in self._environ or not keys:
            return None
        return "live" if "_live_" in keys[0][:16] else "test" if "_test_" in keys[0][:16] else None

    def writing_readers(self, system: System) -> tuple[str, ...]:
        """A sentence for each connected database of the system that is only read and whose role may write.

        Raises Unavailable when one does not answer; its first read asks again.
        """
        found = []
        for name, resource in system.resources.items():
            if isinstance(resource, DatabaseResource) and not resource.write and resource.database in self._environ:
                may = self.reader(name, resource).may_write()
                if may:
                    found.append(f"{system.system}: {name}: its role {may} ({resource.database})")
        return tuple(found)

    def close(self) -> None:
        """Closes every client."""
        with self._making:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def value(self, resource: str, variable: str) -> str:
        """The variable's value. Raises NotConnected when it is unset."""
        if variable not in self._environ:
            raise NotConnected(resource, variable)
        return self._environ[variable]

    def metrics(self, name: str, resource: PrometheusResource) -> Prometheus:
        url = self.value(name, resource.prometheus)
        return self._once(("metrics", name, resource, url), lambda: Prometheus(url, ceiling=_ceiling(resource)))

    def reader(self, name: str, resource: DatabaseResource) -> Reader:
        dsn = self.value(name, resource.database)
        return self._once(
            ("reader", name, resource, dsn),
            lambda: Reader(dsn, name=name, trusted=self._trust_readers, ceiling=_ceiling(resource)),
        )

    def writer(self, name: str, resource: DatabaseResource) -> Writer:
        if not resource.write:
            raise Refused(name, "it is only read; an action needs a resource with write: true")
        dsn = self.value(name, resource.database)
        return self._once(("writer", name, resource, dsn), lambda: Writer(dsn, name=name, ceiling=_ceiling(resource)))

    def http(self, name: str, resource: HttpResource) -> HttpApi:
        url = self.value(name, resource.http)
        headers = {header: self.value(name, variable) for header, variable in resource.headers.items()}
        if resource.bearer:
            headers["Authorization"] = f"Bearer {self.value(name, resource.bearer)}"
        basic = (resource.basic[0], self.value(name, resource.basic[1])) if resource.basic else None
        return self._once(
            ("http", name, resource, url, *headers.values(), *(basic or ())),
            lambda: HttpApi(url, name=name, headers=headers, basic=basic, ceiling=_ceiling(resource)),
        )

    def stripe_reader(self, name: str, resource: StripeResource) -> StripeReader:
        key = self.value(name, resource.stripe)
        url = self._environ.get("STRIPE_API_URL")
        return self._once(
            ("stripe", name, resource, key, url or ""),
            lambda: StripeReader(key, version=resource.version, url=url, ceiling=_ceiling(resource)),
        )

    def stripe_writer(self, name: str, resource: StripeResource) -> StripeWriter:
        if resource.write_key is None:
            raise Refused(name, "it has no write_key:, so it is only read")
        return StripeWriter(
            self.value(name, resource.write_key),
            version=resource.version,
            url=self._environ.get("STRIPE_API_URL"),
            ceiling=_ceiling(resource),
        )

    def command(self, name: str, resource: CommandResource) -> ReleaseCommand:
        if self._environ.get(resource.enabled) != "1":
            raise NotConnected(name, f"{resource.enabled}=1")
        return ReleaseCommand(resource.command, name=name, environ=self._environ, ceiling=_ceiling(resource))

    def _once(self, key: tuple[object, ...], make: Callable[[], C]) -> C:
        """One client per distinct resource and values, so that a reload keeps those that did not change."""
        with self._making:
            known = self._clients.get(repr(key))
            if known is None:
                known = self._clients[repr(key)] = _made(str(key[1]), make)
            return cast(C, known)


class _Connected:
    """The Resources port for one system."""

    def __init__(self, connections: Connections, system: System) -> None:
        self._connections = connections
        self._system = system

    def metrics(self, name: str) -> Metrics:
        return self._connections.metrics(name, self._resource(name, PrometheusResource))

    def read_database(self, name: str) -> ReadDatabase:
        return self._connections.reader(name, self._resource(name, DatabaseResource))

    def write_database(self, name: str) -> WriteDatabase:
        return self._connections.writer(name, self._resource(name, DatabaseResource))

    def http(self, name: str) -> Http:
        return self._connections.http(name, self._resource(name, HttpResource))

    def stripe_read(self, name: str) -> StripeRead:
        return self._connections.stripe_reader(name, self._resource(name, StripeResource))

    def stripe_write(self, name: str) -> StripeWrite:
        return self._connections.stripe_writer(name, self._resource(name, StripeResource))

    def command(self, name: str) -> Command:
        return self._connections.command(name, self._resource(name, CommandResource))

    def _resource(self, name: str, kind: type[R]) -> R:
        resource = self._system.resources.get(name)
        if not isinstance(resource, kind):
            word = kind.__name__.removesuffix("Resource").lower()
            raise Refused(name, f"rules/{self._system.system}.yml has no {word} resource of this name")
        return resource


def _required(resource: Resource) -> tuple[str, ...]:
    match resource:
        case PrometheusResource():
            return (resource.prometheus,)
        case DatabaseResource():
            return (resource.database,)
        case HttpResource():
            optional = (resource.bearer, resource.basic[1] if resource.basic else None)
            return (resource.http, *resource.headers.values(), *(name for name in optional if name))
        case StripeResource():
            return (resource.stripe,)
        case CommandResource():
            return ()


def _ceiling(resource: Resource) -> float | None:
    return resource.timeout.total_seconds() if resource.timeout else None


def _made(name: str, make: Callable[[], C]) -> C:
    try:
        return make()
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ArgumentError, ValueError) as error:
        # The value may hold a password, so only the kind of mistake is told.
        raise Refused(name, f"its address or DSN is malformed ({type(error).__name__})") from None
