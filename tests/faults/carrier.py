"""A replica that carries out approved requests, as a process of its own that dies where it is told to."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from bot.adapters.http import HttpApi
from bot.core.errors import Unavailable
from bot.core.ports import Resources
from bot.engine.runbook import Runbook
from bot.engine.system import System
from bot.jobs.durable import Durable
from bot.jobs.incidents.asking import Asker
from bot.jobs.means import Means
from bot.jobs.requests.execute import Execute
from bot.jobs.requests.resuming import lapse
from bot.jobs.requests.verify import verify
from bot.jobs.sweep import Sweep
from bot.store import replicas
from bot.store.database import Database
from bot.store.work import Queue
from tests.kit.fakes import FakeResources
from tests.kit.trust import SYSTEM, Files, Shown

DEAD_AFTER = timedelta(seconds=1)

_ACTION: Mapping[str, Any] = {
    "kind": "replay",
    "label": "Replay",
    "risk": "low",
    "approve": {"by": ["leads"], "expires": "1h"},
    "inputs": {"item": {"type": "string", "pattern": "[a-z]+-[0-9]+"}},
    "targets": {"ids": "inputs.item"},
    "do": [
        {
            "http": {
                "at": "api",
                "post": "/items/{{ targets.ids[0] }}",
                "idempotency": "header",
                "json": {"request": "{{ request.id }}"},
            }
        }
    ],
    "verify": {"until": "health.ok", "every": "1s", "within": "30s"},
}
_PROBE: Mapping[str, Any] = {
    "http": {"at": "api", "get": "/keys/{{ request.key }}", "expect": [200, 404]},
    "took_effect": "probe.status_code == 200",
}
# Five items, the first alone, the rest two by two.
_MANY: Mapping[str, Any] = {
    **_ACTION,
    "targets": {
        "http": {
            "at": "api",
            "get": "/batches/{{ inputs.item }}",
            "rows": "items",
            "show": {"id": {"path": "id", "as": "id"}},
        }
    },
    "do": [
        {
            "http": {
                "at": "api",
                "post": "/items/{{ target }}",
                "idempotency": "header",
                "json": {"request": "{{ request.id }}"},
            },
            "each": True,
        }
    ],
    "batches": {"canary": 1, "size": 2, "check": "health.ok", "every": "100ms", "within": "30s"},
}
RUNBOOK = Runbook.model_validate(
    {
        "title": "Dead events",
        "diagnose": [
            {"id": "health", "http": {"at": "api", "get": "/health", "show": {"ok": {"path": "ok", "as": "flag"}}}}
        ],
        "actions": [
            {**_ACTION, "id": "asked", "probe": _PROBE},
            {**_ACTION, "id": "unasked"},
            {**_MANY, "id": "many-asked", "probe": _PROBE},
            {**_MANY, "id": "many-unasked"},
        ],
    }
)
FILES = Files(systems={"ledger": SYSTEM}, runbooks={"ledger/dead": RUNBOOK})


class Fused(Database):
    """A database whose process is killed around one of its commits: just before it, or just after."""

    def __init__(self, url: str, *, fuse: int | None, rng: random.Random) -> None:
        super().__init__(url)
        self._left = fuse
        self._rng = rng
        self._counting = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        dies = self._burns_out()
        with super().begin() as conn:
            yield conn
            if dies and self._rng.random() < 0.5:
                die()
        if dies:
            die()

    def _burns_out(self) -> bool:
        with self._counting:
            if self._left is None:
                return False
            self._left -= 1
            return self._left == 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def carry(url: str, base: str, name: str, seed: int, fuse: int | None) -> None:
    """Work until killed. `fuse` is how many commits of requests this process may make; None for as many as it likes."""
    plain = Database(url)
    database = Fused(url, fuse=fuse, rng=random.Random(seed))
    incarnation = str(uuid4())
    handlers: dict[str, Any] = {}
    durable = Durable(
        database=plain,
        replica=name,
        handlers=handlers,
        concurrency={Queue.EXECUTE: 4, Queue.VERIFY: 2},
        lease=timedelta(seconds=1),
        poll=timedelta(milliseconds=30),
    )
    api = HttpApi(base, name="api", headers={"X-Pid": str(os.getpid())})
    means = Means(
        database=database,
        enqueue=durable.enqueue,
        show=Shown(),
        contents=lambda _: FILES,
        resources=partial(_resources, api),
        asker=Asker(now=_now),
        is_alive=lambda conn, other, now: replicas.is_alive(conn, other, now=now, after=DEAD_AFTER),
        replica=name,
        incarnation=incarnation,
        silences=None,
        break_glass=True,
        now=_now,
        new_id=lambda: str(uuid4()),
        look_up_after=timedelta(milliseconds=300),
    )
    execute = Execute(means)
    # A verified effect has its incident looked at afresh; nobody works on that here, and nothing waits for it.
    handlers |= {
        "execute": execute,
        "resume": execute.resume,
        "lapse": partial(lapse, means),
        "verify": partial(verify, means),
        "diagnose": lambda *_: None,
    }
    sweep = Sweep(means, execute)
    _beat(plain, name, incarnation)
    durable.start()
    while True:
        time.sleep(0.2)
        try:
            _beat(plain, name, incarnation)
            sweep()
        except Unavailable:
            continue  # the other replica holds the database for a moment


def _beat(database: Database, name: str, incarnation: str) -> None:
    with database.begin() as conn:
        replicas.beat(conn, name=name, incarnation=incarnation, now=_now())


def _resources(api: HttpApi, _system: System) -> Resources:
    return FakeResources(hosts={"api": api})


def _now() -> datetime:
    return datetime.now(UTC)
