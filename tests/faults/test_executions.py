"""Replicas killed with -9 at any point of an execution: never two effects, and what is unknown is told.

`make soak` does the same with 200 kills, and says how they went.
"""

import json
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

import pytest

from bot.adapters.http import HttpApi
from bot.desk import Declined, resume, settle, stop
from bot.engine.execution import DeedDone, Done, Execution, State, open_deed
from bot.store import audit, executions
from bot.store.database import Database
from tests.faults.carrier import FILES, RUNBOOK, carry
from tests.kit.trust import LEAD, REQUESTER, Office
from tests.kit.waiting import PATIENCE, eventually

KILLS = int(os.environ.get("COUNTERSIGN_SOAK_KILLS", "40")) // 2  # on each kind of database
AT_ONCE = 8
ACTIONS = ("asked", "many-asked", "unasked", "many-unasked")
PER_BATCH = 5


class Ledger:
    """The target: it writes down every effect, knows no idempotency, and may kill whoever calls it."""

    def __init__(self, rng: random.Random) -> None:
        self.effects: list[tuple[str, str]] = []  # (request, item)
        self.keys: set[str] = set()
        self.kills_callers = False
        self._rng = rng
        self._lock = threading.Lock()

    def post(self, key: str, request_id: str, item: str, caller: int) -> None:
        with self._lock:
            fate = self._rng.choice(["live"] * 6 + ["before", "after"]) if self.kills_callers else "live"
            if fate == "before" and self._rng.random() < 0.5:
                kill(caller)  # and the call is lost with it
                return
            self.effects.append((request_id, item))
            self.keys.add(key)
        if fate != "live":
            kill(caller)

    def of(self, request_id: str) -> Counter[str]:
        """How often each item was touched for a request."""
        with self._lock:
            return Counter(item for each, item in self.effects if each == request_id)


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
            item = self.path.removeprefix("/items/")
            ledger.post(self.headers["Idempotency-Key"], body["request"], item, int(self.headers["X-Pid"]))
            self._answer(200, {"done": 1})

        def do_GET(self) -> None:
            if self.path == "/health":
                self._answer(200, {"ok": True})
            elif self.path.startswith("/batches/"):
                name = self.path.removeprefix("/batches/")
                self._answer(200, {"items": [{"id": f"{name}.{number}"} for number in range(PER_BATCH)]})
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
    """The replicas of one database; one that dies is followed by another of its name.

    They die in a call, around a commit, and at moments that nothing but chance has chosen.
    """

    def __init__(self, nursery: ForkServerContext, url: str, base: str, names: list[str], rng: random.Random) -> None:
        self._nursery = nursery
        self._url = url
        self._base = base
        self._rng = rng
        self._alive: dict[str, ForkServerProcess | None] = dict.fromkeys(names)
        self._hits = {name: float("inf") for name in names}
        self.deaths = 0

    def tend(self, *, is_mortal: bool) -> None:
        """Count the dead, and start another for each."""
        for name, process in self._alive.items():
            if process is not None and process.is_alive():
                if is_mortal and time.monotonic() > self._hits[name]:
                    process.kill()
                continue
            if process is not None:
                assert process.exitcode == -signal.SIGKILL
                self.deaths += 1
                process.close()
            fuse = self._rng.randint(2, 24) if is_mortal else None
            arguments = (self._url, self._base, name, self._rng.randrange(10**6), fuse)
            self._alive[name] = self._nursery.Process(target=carry, args=arguments, daemon=True)
            self._alive[name].start()  # type: ignore[union-attr]  # made on the line before
            self._hits[name] = time.monotonic() + self._rng.uniform(0.5, 4)

    def end(self) -> None:
        for process in self._alive.values():
            if process is not None:
                process.kill()
                process.join(10)
                process.close()


@dataclass
class Shift:
    """A night's work: requests are asked, approved, now and then stopped, and settled where only a person can."""

    office: Office
    ledger: Ledger
    rng: random.Random
    numbers: Iterator[int] = field(default_factory=count)
    all: list[str] = field(default_factory=list)
    under_way: set[str] = field(default_factory=set)
    settled_by_people: int = 0
    stopped: int = 0
    gone_on: Counter[str] = field(default_factory=Counter)

    def go_on(self, *, asks_more: bool) -> bool:
        """Do what is to be done now; True when everything has ended."""
        self.office.at = datetime.now(UTC)
        for request_id in sorted(self.under_way):
            self._look_after(request_id)
        while asks_more and len(self.under_way) < AT_ONCE:
            self.office.waiting.clear()  # what is carried out is the replicas' work
            number = next(self.numbers)
            request_id = self.office.ask(ACTIONS[number % len(ACTIONS)], inputs={"item": f"item-{number}"})
            self.office.approve_without_running(request_id, LEAD)
            self.all.append(request_id)
            self.under_way.add(request_id)
        return not self.under_way

    def deeds(self, request_id: str) -> tuple[DeedDone, ...]:
        with self.office.database.read() as conn:
            return executions.deeds_of(conn, request_id)

    def _look_after(self, request_id: str) -> None:
        # Read before the execution: one that is started between the two reads leaves both their old states.
        resumption = self.office.resumption(request_id)
        is_going_on = resumption is not None and resumption.is_pending
        match self.office.execution(request_id):
            case Execution(state=State.STARTED) if self.rng.random() < 0.003:
                self.stopped += not isinstance(stop(self.office.desk, person=LEAD, request_id=request_id), Declined)
            case Execution(state=State.UNKNOWN) if self.office.request(request_id).action.endswith("unasked"):
                self._settle(request_id)
            case Execution(state=State.FAILED | State.STOPPED) if is_going_on or self._goes_on(request_id):
                return
            case Execution(state=State.FAILED | State.STOPPED | State.VERIFIED):
                self.under_way.discard(request_id)

    def _goes_on(self, request_id: str) -> bool:
        """Whether people let the rest of it go on, up to twice; others take it up, and may die of that."""
        if self.gone_on[request_id] >= 2:
            return False
        office, self.gone_on[request_id] = self.office, self.gone_on[request_id] + 1
        asked = resume(office.desk, person=REQUESTER, request_id=request_id, reason="its log is quiet")
        if isinstance(asked, Declined):
            return False
        office.approve_without_running(request_id, LEAD)
        office.waiting.clear()  # what is carried out is the replicas' work
        return True

    def _settle(self, request_id: str) -> None:
        """Look at the target's own log, and say truly what is there."""
        deed = open_deed(self.deeds(request_id))
        if deed is None:
            return
        is_there = any(item == (deed.target or item) for item in self.ledger.of(request_id))
        told = settle(self.office.desk, person=LEAD, request_id=request_id, took_effect=is_there, reason="its log")
        self.settled_by_people += not isinstance(told, Declined)


@pytest.mark.timeout(60 + 4 * KILLS)
@pytest.mark.parametrize("seed", [20261121])
def test_kills_at_any_point_never_repeat_an_effect_and_what_is_told_is_what_happened(
    database: Database, database_url: str, nursery: ForkServerContext, seed: int
) -> None:
    rng = random.Random(seed)
    ledger = Ledger(rng)
    names = ["one"] if database_url.startswith("sqlite") else ["one", "two"]
    began = time.monotonic()
    with serving(ledger) as base, manned(Fleet(nursery, database_url, base, names, rng)) as fleet:
        shift = Shift(office=approving_office(database, base), ledger=ledger, rng=rng)
        ledger.kills_callers = True

        def is_all_over() -> bool:
            is_mortal = ledger.kills_callers = fleet.deaths < KILLS
            fleet.tend(is_mortal=is_mortal)
            return shift.go_on(asks_more=is_mortal) and not is_mortal

        assert eventually(is_all_over, within=PATIENCE + 3 * KILLS), [
            (shift.office.execution(each), shift.deeds(each)) for each in shift.under_way
        ]

    for request_id in shift.all:
        assert_told_as_it_is(shift, request_id)
    with database.read() as conn:
        assert audit.verify(conn).is_intact
    report(shift, fleet, database_url, took=time.monotonic() - began)


def assert_told_as_it_is(shift: Shift, request_id: str) -> None:
    """Each item was touched at most once, and the rows say of each what the target's own log says."""
    effects, execution = shift.ledger.of(request_id), shift.office.execution(request_id)
    assert execution is not None
    assert all(times == 1 for times in effects.values()), effects
    told = {deed.target or execution.targets.ids[0]: deed.state for deed in shift.deeds(request_id)}
    assert set(told.values()) <= {Done.SUCCEEDED, Done.FAILED, Done.PASSED}
    assert {item for item, state in told.items() if state is Done.SUCCEEDED} == set(effects)
    if execution.state is State.VERIFIED:
        assert set(effects) == set(execution.targets.ids)
    else:
        assert execution.state in {State.FAILED, State.STOPPED}
        assert set(effects) < set(execution.targets.ids)


def report(shift: Shift, fleet: Fleet, database_url: str, *, took: float) -> None:
    """What a soak is run for (pytest -s)."""
    states = Counter(str(found.state) for each in shift.all if (found := shift.office.execution(each)))
    gone_on = len(shift.office.audited("resumption.started"))
    resumed = len(shift.office.audited("execution.resumed"))
    kind = database_url.partition(":")[0]
    print(
        f"\n{kind}: {fleet.deaths} kills, {len(shift.all)} approved requests, {len(shift.ledger.effects)} effects, "
        f"none twice; {dict(states)}; {resumed} times taken over or gone on with elsewhere, "
        f"{gone_on} times people let the rest go on, "
        f"{shift.stopped} stopped and {shift.settled_by_people} settled by people; {took:.0f} s"
    )


@contextmanager
def manned(fleet: Fleet) -> Iterator[Fleet]:
    try:
        yield fleet
    finally:
        fleet.end()


def approving_office(database: Database, base: str) -> Office:
    """Where requests are asked and approved; it executes nothing."""
    office = Office(database=database, at=datetime.now(UTC), runbook=RUNBOOK)
    assert FILES.runbooks["ledger/dead"] is RUNBOOK
    office.host = HttpApi(base, name="api", headers={"X-Pid": "-"})  # type: ignore[assignment]  # the same port
    office.open_incident()
    return office
