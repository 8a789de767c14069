"""Replicas killed with -9 at any point of an execution: never two effects, and what is unknown is told."""

import json
import multiprocessing
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

import pytest

from bot.adapters.http import HttpApi
from bot.engine.execution import State
from bot.store import audit
from bot.store.database import Database
from tests.faults.carrier import RUNBOOK, carry
from tests.kit.trust import LEAD, Office
from tests.kit.waiting import eventually

REQUESTS = 24
AT_ONCE = 3
KILLS = 20


class Ledger:
    """The target: it writes down every effect, knows no idempotency, and may kill whoever calls it."""

    def __init__(self, rng: random.Random) -> None:
        self.effects: list[tuple[str, str]] = []
        self.keys: set[str] = set()
        self.kills_callers = False
        self._rng = rng
        self._lock = threading.Lock()

    def post(self, key: str, request_id: str, caller: int) -> None:
        with self._lock:
            fate = self._rng.choice(["live", "live", "before", "after"]) if self.kills_callers else "live"
            if fate == "before" and self._rng.random() < 0.5:
                kill(caller)  # and the call is lost with it
                return
            self.effects.append((request_id, key))
            self.keys.add(key)
        if fate != "live":
            kill(caller)


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def serving(ledger: Ledger) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            ledger.post(self.headers["Idempotency-Key"], body["request"], int(self.headers["X-Pid"]))
            self._answer(200, {"done": 1})

        def do_GET(self) -> None:
            if self.path == "/health":
                self._answer(200, {"ok": True})
            else:
                self._answer(200 if self.path.removeprefix("/keys/") in ledger.keys else 404, {})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                return  # the caller is dead

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's signature
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def nursery() -> ForkServerContext:
    """Where replicas are born quickly: a process that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.carrier"])
    return context


class Fleet:
    """The replicas of one database; one that dies is followed by another of its name."""

    def __init__(self, nursery: ForkServerContext, url: str, base: str, names: list[str], rng: random.Random) -> None:
        self._nursery = nursery
        self._url = url
        self._base = base
        self._rng = rng
        self._alive: dict[str, ForkServerProcess | None] = dict.fromkeys(names)
        self.deaths = 0

    def tend(self, *, is_mortal: bool) -> None:
        """Count the dead, and start another for each."""
        for name, process in self._alive.items():
            if process is not None and process.is_alive():
                continue
            if process is not None:
                assert process.exitcode == -signal.SIGKILL
                self.deaths += 1
                process.close()
            fuse = self._rng.randint(1, 8) if is_mortal else None
            arguments = (self._url, self._base, name, self._rng.randrange(10**6), fuse)
            self._alive[name] = self._nursery.Process(target=carry, args=arguments, daemon=True)
            self._alive[name].start()  # type: ignore[union-attr]  # made on the line before

    def end(self) -> None:
        for process in self._alive.values():
            if process is not None:
                process.kill()
                process.join(10)
                process.close()


@pytest.mark.parametrize("seed", [20261121])
def test_kills_at_any_point_never_repeat_an_effect_and_what_is_unknown_is_told(
    database: Database, database_url: str, nursery: ForkServerContext, seed: int
) -> None:
    rng = random.Random(seed)
    ledger = Ledger(rng)
    names = ["one"] if database_url.startswith("sqlite") else ["one", "two"]
    with serving(ledger) as base, manned(Fleet(nursery, database_url, base, names, rng)) as fleet:
        office = approving_office(database, base)
        request_ids = asked(office, REQUESTS)
        waiting, under_way = list(request_ids), set[str]()
        ledger.kills_callers = True

        def is_all_settled() -> bool:
            fleet.tend(is_mortal=fleet.deaths < KILLS)
            under_way.difference_update([each for each in under_way if is_settled(office, each)])
            while waiting and len(under_way) < AT_ONCE:
                office.approve_without_running(waiting[-1], LEAD)
                under_way.add(waiting.pop())
            return not waiting and not under_way

        assert eventually(is_all_settled, within=90), [office.execution(each) for each in under_way]
        assert fleet.deaths >= KILLS

    effects = Counter(request_id for request_id, _ in ledger.effects)
    assert all(count == 1 for count in effects.values())
    for request_id in request_ids:
        assert_told_as_it_is(office, request_id, effects[request_id])
    with database.read() as conn:
        assert audit.verify(conn).is_intact


def assert_told_as_it_is(office: Office, request_id: str, effects: int) -> None:
    execution = office.execution(request_id)
    assert execution is not None
    can_be_asked = office.request(request_id).action == "asked"
    match execution.state:
        case State.VERIFIED:
            assert effects == 1
        case State.FAILED:
            assert effects == 0
        case other:
            assert other is State.UNKNOWN
            assert not can_be_asked
            assert "a person must look" in str(execution.outcome)
            [_] = [entry for entry in office.audited("execution.unknown") if entry.request_id == request_id]


def asked(office: Office, count: int) -> list[str]:
    office.runbook = RUNBOOK
    return [
        office.ask("asked" if number % 2 else "unasked", inputs={"item": f"item-{number}"}) for number in range(count)
    ]


def is_settled(office: Office, request_id: str) -> bool:
    execution = office.execution(request_id)
    if execution is None or execution.state in {State.STARTED, State.SUCCEEDED}:
        return False
    return execution.state is not State.UNKNOWN or office.request(request_id).action == "unasked"


@contextmanager
def manned(fleet: Fleet) -> Iterator[Fleet]:
    try:
        yield fleet
    finally:
        fleet.end()


def approving_office(database: Database, base: str) -> Office:
    """Where requests are asked and approved; it executes nothing."""
    office = Office(database=database, at=datetime.now(UTC))
    office.host = HttpApi(base, name="api", headers={"X-Pid": "0"})  # type: ignore[assignment]  # the same port
    office.open_incident()
    return office
