"""The way in, from a request to the incidents, on a test's own database: real parts, with a recording show."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import Connection, Row, select
from starlette.applications import Starlette

from bot.adapters.files import load
from bot.engine.catalog import Catalog
from bot.jobs.incidents.fold import Fold
from bot.jobs.incidents.snapshots import Snapshots
from bot.jobs.incidents.storms import Storms
from bot.metrics.own import Metrics
from bot.metrics.stock import Stock
from bot.store import deliveries, leases
from bot.store.database import Database
from bot.store.deliveries import Delivery
from bot.store.stock import stock
from bot.store.tables import audit, incident_alerts, incidents
from bot.store.work import Job
from bot.web.alertmanager import AlertmanagerDoor
from bot.web.app import asgi
from bot.web.auth import Gate
from bot.web.body import Bodies
from bot.web.committer import Committer
from bot.web.health import Health

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "data" / "alertmanager"
TOKEN = "example-token"
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
_NUMBERS = count(1)  # of incidents, over all replicas of a test

Write = Callable[[Sequence[Delivery]], Sequence[int]]


def recorded(name: str) -> dict[str, Any]:
    """The body of a recorded webhook."""
    body: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())["body"]
    return body


class Clock:
    """A clock that moves when told to, and counts how often it was asked."""

    def __init__(self) -> None:
        self.now = START
        self.asked = 0

    def __call__(self) -> datetime:
        self.asked += 1
        return self.now

    def pass_(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Shown:
    """Notes which incidents were shown; `broken` ones cannot be."""

    incidents: list[str] = field(default_factory=list)
    is_broken: bool = False

    def incident(self, conn: Connection, incident_id: str, now: datetime) -> None:
        if self.is_broken:
            raise LookupError("cannot be composed")
        self.incidents.append(incident_id)

    def diagnosis(self, conn: Connection, incident_id: str, number: int, now: datetime) -> None: ...
    def storm(self, conn: Connection, storm_id: str, now: datetime) -> None: ...

    def thread(self, conn: Connection, incident_id: str, now: datetime) -> bool:
        return False

    def checklist(self, conn: Connection, incident_id: str, now: datetime) -> None: ...

    def request(self, conn: Connection, request_id: str, now: datetime) -> None: ...


class Ingest:
    """The parts, put together. Deliveries are folded when `fold.turn()` is called, not before."""

    def __init__(self, database: Database, *, catalog: Catalog | None = None) -> None:
        self.database = database
        self.clock = Clock()
        self.metrics = Metrics()
        self.shown = Shown()
        self.catalog = catalog or load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")
        snapshots = Snapshots(
            catalog=lambda: self.catalog,
            enqueue=self._enqueue,
            show=self.shown,
            new_id=lambda: f"incident-{next(_NUMBERS):06}",
            fallback="#unrouted",
        )
        self.metrics.watch(partial(_stock, self), content=lambda: self.catalog.revision)
        self.storms = Storms(
            database=database,
            show=self.shown,
            new_id=lambda: f"storm-{next(_NUMBERS):06}",
            above=10,
            now=self.clock,
        )
        self.fold = Fold(
            database=database, snapshots=snapshots, storms=self.storms, metrics=self.metrics, now=self.clock
        )

    def receive(self, *bodies: Mapping[str, Any] | str) -> None:
        """Store these bodies (or recorded ones, by name) and fold all of them."""
        for body in bodies:
            self.store(body)
        self.drain()

    def store(self, body: Mapping[str, Any] | str | bytes) -> int:
        """Store a body as if it had come just now."""
        match body:
            case bytes():
                sent = body
            case str():
                sent = json.dumps(recorded(body)).encode()
            case _:
                sent = json.dumps(body).encode()
        delivery = Delivery(source=deliveries.Source.ALERTMANAGER, received_at=self.clock.now, body=sent)
        with self.database.begin() as conn:
            (number,) = deliveries.add(conn, [delivery])
        return number

    def drain(self) -> None:
        while not self.fold.turn().is_done:
            pass

    def incidents(self) -> list[Row[Any]]:
        """The rows, in the order they were opened."""
        with self.database.read() as conn:
            return list(conn.execute(select(incidents).order_by(incidents.c.opened_at, incidents.c.id)))

    def alerts(self) -> list[Row[Any]]:
        with self.database.read() as conn:
            return list(conn.execute(select(incident_alerts).order_by(incident_alerts.c.starts_at)))

    def audited(self) -> list[str]:
        """The kinds of the entries, in order."""
        with self.database.read() as conn:
            return list(conn.scalars(select(audit.c.kind).order_by(audit.c.seq)))

    def jobs(self) -> list[str]:
        with self.database.read() as conn:
            return sorted(leases.open_jobs(conn))

    def sample(self, name: str, **labels: str) -> float | None:
        """The value of a metric."""
        return self.metrics.registry.get_sample_value(name, labels)

    def _enqueue(self, conn: Connection, job: Job) -> None:
        leases.add(conn, job)


class Client:
    """Calls an application on an event loop of its own, from any number of threads."""

    def __init__(self, application: Starlette, *, peer: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        transport = httpx.ASGITransport(application, raise_app_exceptions=False, client=(peer, 50000))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://countersign.example")

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        call = self._client.request(method, path, **given)
        return asyncio.run_coroutine_threadsafe(call, self._loop).result(30)

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._client.aclose(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def door(
    ingest: Ingest,
    *,
    write: Write | None = None,
    token: str | None = TOKEN,
    signing_secret: str | None = None,
    bodies: Bodies | None = None,
    patience: float = 8.0,
    capacity: int = 1024,
    is_shutting_down: bool = False,
    peer: str = "127.0.0.1",
) -> Iterator[Client]:
    """The web application over these parts; `write` stands in for the transaction that stores deliveries."""
    committer = Committer(write or partial(store, ingest.database), done=ingest.metrics.committed, capacity=capacity)
    alertmanager = AlertmanagerDoor(
        gate=Gate(
            token=SecretStr(token) if token else None,
            signing_secret=SecretStr(signing_secret) if signing_secret else None,
            now=ingest.clock,
        ),
        bodies=bodies or Bodies(),
        committer=committer,
        metrics=ingest.metrics,
        now=ingest.clock,
        patience=patience,
    )
    health = Health(
        stock=partial(_stock, ingest),
        content=lambda: ingest.catalog.revision,
        findings=lambda: 0,
        metrics=ingest.metrics,
    )
    committer.start()
    if is_shutting_down:
        committer.stop(timedelta(seconds=10))
    client = Client(asgi(alertmanager=alertmanager, health=health), peer=peer)
    try:
        yield client
    finally:
        committer.stop(timedelta(seconds=10))
        client.close()


def store(database: Database, batch: Sequence[Delivery]) -> Sequence[int]:
    """One committed statement."""
    with database.one_statement() as conn:
        return deliveries.add(conn, batch)


def _stock(ingest: Ingest) -> Stock:
    with ingest.database.read() as conn:
        return stock(conn, ingest.clock.now)
