"""How long a whole runbook takes, over its critical path: the time that its slowest chain of questions takes by itself.

Seven questions of 50 to 400 ms go through the job, the real clients and a real SQLite file: Prometheus, Stripe and
hosts are one slow server in a process of its own, the database is a real PostgreSQL that sleeps. Two of the questions
form a chain. The slowest question is asked alone, by a bare client, in every round of the same run.

    python -m bench.diagnose [--rounds 20]
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import httpx
from sqlalchemy import Connection, insert, make_url

from bot.adapters.resources import Connections
from bot.core.evidence import Answer
from bot.engine.runbook import Runbook
from bot.engine.system import System
from bot.jobs.incidents.asking import Asker
from bot.jobs.incidents.diagnose import Diagnoser
from bot.store import diagnoses
from bot.store.database import Database
from bot.store.tables import diagnoses as diagnoses_table
from bot.store.tables import incidents
from tests.kit.databases import running_postgresql

_ROOT = Path(__file__).parent.parent
_AIM = 1.15  # what we aim at: the whole runbook over its critical path
_SLOWEST = 400  # milliseconds; the chain takes 100 + 200
_INCIDENT = "00000000-0000-4000-8000-000000000001"

_SYSTEM = System.model_validate(
    {
        "system": "bench",
        "title": "Bench",
        "match": ['system="bench"'],
        "channel": "#bench",
        "approvers": {"oncall": {"users": ["U0A"]}},
        "resources": {
            "metrics": {"prometheus": "env:METRICS_URL"},
            "stripe": {"stripe": "env:STRIPE_API_KEY"},
            "db": {"database": "env:READ_DSN"},
            "host": {"http": "env:HOST_URL"},
        },
        "rules": [{"event": "bench.slow", "runbook": "bench/slow"}],
    }
)


def _http(milliseconds: int, path: str) -> Mapping[str, object]:
    return {"at": "host", "get": f"/{milliseconds}/{path}", "show": {"n": {"path": "n", "as": "count"}}}


_RUNBOOK = Runbook.model_validate(
    {
        "title": "Slow",
        "diagnose": [
            {"id": "quick", "http": _http(50, "x")},
            {"id": "first", "http": _http(100, "x")},
            {"id": "second", "http": _http(200, "after/{{ first.n }}")},
            {"id": "drift", "promql": {"at": "metrics", "query": "drift"}},
            {"id": "invoice", "stripe": {"get": "/v1/invoices/in_bench1", "show": {"status": "status"}}},
            {
                "id": "rows",
                "sql": {"at": "db", "query": "select 1 as n from pg_sleep(0.35)", "columns": {"n": "count"}},
            },
            {"id": "slowest", "http": _http(_SLOWEST, "x")},
        ],
        "conclude": [{"when": "second.n == 1 and drift.max == 1", "say": "All {{ rows.n }} is there."}],
    }
)


@dataclass(frozen=True)
class _Files:
    systems: Mapping[str, System]
    runbooks: Mapping[str, Runbook]


class _Silent:
    """Shows nothing: what Slack is told is not measured here."""

    def incident(self, conn: Connection, incident_id: str, now: datetime) -> None: ...
    def diagnosis(self, conn: Connection, incident_id: str, number: int, now: datetime) -> None: ...
    def storm(self, conn: Connection, storm_id: str, now: datetime) -> None: ...

    def thread(self, conn: Connection, incident_id: str, now: datetime) -> bool:  # noqa: ARG002 - a port
        return False

    def checklist(self, conn: Connection, incident_id: str, now: datetime) -> None: ...

    def request(self, conn: Connection, request_id: str, now: datetime) -> None: ...


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=20)
    rounds = arguments.parse_args().rounds
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgresql(is_hurried=False) as postgresql,
        postgresql.fresh(migrated=False) as dsn,
        _slow_server() as url,
        closing(Database(f"sqlite:///{folder}/bench.db")) as database,
        closing(Connections(_environment(url, dsn), trust_readers=True)) as connections,
    ):
        database.migrate()
        _order(database, rounds + 1)
        diagnose = _diagnoser(database, connections).diagnose
        diagnose(_INCIDENT, "1")  # the first one makes the connections
        bare, whole = [], []
        with httpx.Client() as client:
            for number in range(2, rounds + 2):
                bare.append(_timed(lambda: client.get(f"{url}/{_SLOWEST}/x").raise_for_status()))
                whole.append(_timed(partial(diagnose, _INCIDENT, str(number))))
        _check(database, rounds + 1)
    sys.exit(_print(bare, whole))


def _print(bare: list[float], whole: list[float]) -> int:
    ratios = sorted(ours / alone for alone, ours in zip(bare, whole, strict=True))
    ratio = median(ratios)
    one_by_one = 50 + 100 + 200 + 150 + 250 + 350 + _SLOWEST
    print(f"{len(whole)} runs of seven questions; one after another they take {one_by_one} ms at least")
    print(f"slowest question alone: median {median(bare) * 1000:.1f} ms, worst {max(bare) * 1000:.1f} ms")
    print(f"whole runbook:          median {median(whole) * 1000:.1f} ms, worst {max(whole) * 1000:.1f} ms")
    missed = ratio > _AIM
    print(
        f"ratio: median {ratio:.3f}, best {ratios[0]:.3f}, worst {ratios[-1]:.3f} "
        f"(aim: at most {_AIM}): {'missed' if missed else 'met'}"
    )
    return 1 if missed else 0


def _timed(do: Callable[[], object]) -> float:
    since = time.perf_counter()
    do()
    return time.perf_counter() - since


def _diagnoser(database: Database, connections: Connections) -> Diagnoser:
    files = _Files(systems={"bench": _SYSTEM}, runbooks={"bench/slow": _RUNBOOK})
    return Diagnoser(
        database=database,
        contents=lambda _revision: files,
        resources=connections.of,
        asker=Asker(now=_now),
        show=_Silent(),
        now=_now,
    )


def _environment(url: str, dsn: str) -> Mapping[str, str]:
    return {
        "METRICS_URL": f"{url}/150",
        "STRIPE_API_URL": f"{url}/250",
        "STRIPE_API_KEY": "rk_test_bench",
        "HOST_URL": url,
        "READ_DSN": make_url(dsn).set(drivername="postgresql").render_as_string(hide_password=False),
    }


def _order(database: Database, count: int) -> None:
    now = _now()
    incident = {
        "id": _INCIDENT,
        "key": "k",
        "episode": 1,
        "state": "firing",
        "system": "bench",
        "event": "bench.slow",
        "runbook": "bench/slow",
        "content": "r",
        "severity": "warning",
        "channel": "#bench",
        "title": "Slow",
        "labels": {},
        "annotations": {},
        "params": {},
        "started_at": now,
        "opened_at": now,
        "changed_at": now,
        "diagnoses": count,
    }
    ordered = [
        {"incident_id": _INCIDENT, "number": number, "content": "r", "ordered_at": now}
        for number in range(1, count + 1)
    ]
    with database.begin() as conn:
        conn.execute(insert(incidents).values(**incident))
        conn.execute(insert(diagnoses_table), ordered)


def _check(database: Database, count: int) -> None:
    """Every question must have been answered and the conclusion must hold, or the times mean nothing."""
    with database.read() as conn:
        for number in range(1, count + 1):
            found = diagnoses.get(conn, _INCIDENT, number)
            if found is None or not found.conclusions.held:
                sys.exit(f"run {number} came to no conclusion: {found}")
            wrong = [each for each in found.evidence.values() if not isinstance(each, Answer)]
            if wrong:
                sys.exit(f"run {number} has questions without an answer: {wrong}")


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _slow_server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.slow", str(port)], cwd=_ROOT)
    try:
        deadline = time.monotonic() + 20
        while not _listens(port):
            if time.monotonic() > deadline:
                sys.exit("the slow server did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
