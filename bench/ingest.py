"""Committed webhooks per second, and how long each waits, against a bare server that stores nothing.

Both servers are uvicorn with the same settings, each in a process of its own; this process posts a recorded webhook,
as of 64 groups in turn, over 32 kept-open connections that each send as soon as they are answered. Rounds alternate,
so that whatever else the machine does hits both. The bot folds the deliveries into incidents meanwhile, as it does.

    python -m bench.ingest [--rounds 12] [--seconds 1]
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.client import Load, post, request
from bench.servers import TOKEN
from bot.store import deliveries
from bot.store.database import Database
from tests.kit.databases import running_postgresql

_ROOT = Path(__file__).parent.parent
_RECORDED = _ROOT / "tests" / "data" / "alertmanager" / "grouped_firing_5.json"
_CLIENTS = 32
_GROUPS = 64
_RATIO = 0.5  # what we aim at: half of what a server can do that stores nothing
_P99 = 0.050  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One database's rounds."""

    database: str
    bare: Sequence[Load]
    bot: Sequence[Load]
    bare_cpu: float  # seconds of the server's process, all rounds
    bot_cpu: float
    stored: int
    unfolded: int

    @property
    def ratio(self) -> float:
        return median(ours.per_second / bare.per_second for bare, ours in zip(self.bare, self.bot, strict=True))


def measure(database_url: str, *, rounds: int, seconds: float) -> Result:
    """Alternate rounds against both servers; afterwards every answered webhook must be in the database."""
    bare, bot = [], []
    with _server("bare") as bare_server, _server("bot", database_url) as bot_server:
        asyncio.run(_round(bare_server.port, 0.5))  # the first requests of a process are not like the others
        answered = len(asyncio.run(_round(bot_server.port, 0.5)).latencies)
        started = bare_server.cpu, bot_server.cpu
        for _ in range(rounds):
            bare.append(asyncio.run(_round(bare_server.port, seconds)))
            bot.append(asyncio.run(_round(bot_server.port, seconds)))
        bare_cpu, bot_cpu = bare_server.cpu - started[0], bot_server.cpu - started[1]
    answered += sum(len(load.latencies) for load in bot)
    database = Database(database_url)
    with database.read() as conn:
        stored, waiting = deliveries.count(conn), deliveries.backlog(conn).count
    database.close()
    if stored != answered:
        sys.exit(f"{answered} webhooks were answered and {stored} are stored")
    name = database_url.partition(":")[0].partition("+")[0]
    return Result(
        database=name, bare=bare, bot=bot, bare_cpu=bare_cpu, bot_cpu=bot_cpu, stored=stored, unfolded=waiting
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=12)
    arguments.add_argument("--seconds", type=float, default=1.0)
    given = arguments.parse_args()
    missed = False
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgresql(is_hurried=False) as server,
        server.fresh() as postgresql_url,
    ):
        sqlite_url = f"sqlite:///{folder}/bench.db"
        database = Database(sqlite_url)
        database.migrate()
        database.close()
        for url in (sqlite_url, postgresql_url):
            result = measure(url, rounds=given.rounds, seconds=given.seconds)
            missed = _print(result) or missed
    sys.exit(1 if missed else 0)


def _print(result: Result) -> bool:
    """Print the rounds and their ratio; says whether an aim was missed."""
    print(f"\n{result.database}: {_CLIENTS} clients, {result.stored} webhooks stored, {result.unfolded} not yet folded")
    print(
        f"{'':8}{'bare /s':>9}{'bot /s':>9}{'ratio':>8}{'bare p50':>11}{'bare p99':>11}{'bot p50':>11}{'bot p99':>11}"
    )
    for number, (bare, bot) in enumerate(zip(result.bare, result.bot, strict=True), start=1):
        times = (bare.percentile(0.5), bare.percentile(0.99), bot.percentile(0.5), bot.percentile(0.99))
        print(
            f"round {number:<2}{bare.per_second:>9.0f}{bot.per_second:>9.0f}{bot.per_second / bare.per_second:>8.2f}"
            + "".join(f"{seconds * 1000:>8.1f} ms" for seconds in times)
        )
    bare_each, bot_each = _each(result.bare_cpu, result.bare), _each(result.bot_cpu, result.bot)
    print(
        f"processor time of the server for each: {bare_each:.0f} and {bot_each:.0f} µs ({bare_each / bot_each:.2f}; "
        "what else runs on the machine changes this least)"
    )
    p99 = median(load.percentile(0.99) for load in result.bot)
    missed = result.ratio < _RATIO or p99 > _P99
    print(
        f"median ratio {result.ratio:.2f} (aim: at least {_RATIO}), median p99 {p99 * 1000:.1f} ms "
        f"(aim: under {_P99 * 1000:.0f} ms): {'missed' if missed else 'met'}"
    )
    return missed


def _each(cpu: float, loads: Sequence[Load]) -> float:
    """Microseconds for each request."""
    return cpu / sum(len(load.latencies) for load in loads) * 1e6


async def _round(port: int, seconds: float) -> Load:
    return await post(port=port, requests=_requests(port), clients=_CLIENTS, seconds=seconds)


def _requests(port: int) -> list[bytes]:
    body = json.loads(_RECORDED.read_text())["body"]
    bodies = (body | {"groupKey": f"{body['groupKey']} {number}"} for number in range(_GROUPS))
    return [
        request(port=port, path="/alertmanager", token=TOKEN, body=json.dumps(each).encode("utf-8")) for each in bodies
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Server:
    """One of bench.servers as a process."""

    port: int
    pid: int

    @property
    def cpu(self) -> float:
        """Seconds of processor time so far, in all its threads (Linux)."""
        spent = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _server(*arguments: str) -> Iterator[_Server]:
    """Runs one of bench.servers on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    kind, *rest = arguments
    process = subprocess.Popen([sys.executable, "-m", "bench.servers", kind, str(port), *rest], cwd=_ROOT)
    try:
        _wait_for(lambda: _listens(port), f"the {kind} server")
        yield _Server(port=port, pid=process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        if time.monotonic() > deadline:
            sys.exit(f"{what} did not start")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
