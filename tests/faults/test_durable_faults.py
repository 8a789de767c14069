"""Nothing ordered is lost: processes killed or paused, the database restarted, an answer to a commit lost."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import Literal

import pytest
from sqlalchemy import Connection

from bot.core.errors import Unavailable
from bot.jobs.durable import Durable
from bot.store import leases
from bot.store.database import Database
from bot.store.work import Job, JobState, Queue
from tests.kit.databases import running_postgresql
from tests.kit.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]

# What a replica is, as a process: it writes what it does into a diary that outlives it.
REPLICA = """
import sys, threading
from datetime import timedelta
from functools import partial
from bot.jobs.durable import Durable
from bot.store.database import Database
from bot.store.work import Queue

url, replica, diary, lease = sys.argv[1:]

def note(*words):
    with open(diary, "a") as lines:
        print(replica, *words, file=lines, flush=True)

def work(job):
    note("began", job)
    {body}
    note("ended", job)

durable = Durable(
    database=Database(url), replica=replica, handlers={{"work": work}}, concurrency={{queue: 4 for queue in Queue}},
    lease=timedelta(seconds=float(lease)), poll=timedelta(milliseconds=50),
)
durable.start()
threading.Event().wait()
"""
HANG = "threading.Event().wait()"
FINISH = "# the same name, another body: a deploy in between\n    pass"


class Replicas:
    """Starts replicas as processes, and ends those that still run."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._diary = folder / "diary"
        self._diary.touch()
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, body: str, *, lease: float = 3600) -> subprocess.Popen[bytes]:
        program = self._folder / f"{name}.py"
        program.write_text(REPLICA.format(body=body))
        process = subprocess.Popen(
            [sys.executable, str(program), self._url, name, str(self._diary), str(lease)],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
        )
        self._running.append(process)
        return process

    def wrote(self, line: str) -> bool:
        return line in self.diary()

    def diary(self) -> list[str]:
        return self._diary.read_text().splitlines()

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def replicas(tmp_path: Path, database_url: str) -> Iterator[Replicas]:
    started = Replicas(tmp_path, database_url)
    try:
        yield started
    finally:
        started.end()


def add(database: Database, *ids: str) -> None:
    with database.begin() as conn:
        for each in ids:
            leases.add(conn, Job(queue=Queue.EXECUTE, handler="work", id=each, args=(each,)))


def state(database: Database, job_id: str) -> JobState | None:
    with database.read() as conn:
        return leases.state(conn, job_id)


def test_a_job_cut_off_by_kill_9_is_run_again_by_the_next_deploy(database: Database, replicas: Replicas) -> None:
    first = replicas.start("one", HANG)
    add(database, "a")
    assert eventually(lambda: replicas.wrote("one began a"))

    first.send_signal(signal.SIGKILL)
    first.wait()
    replicas.start("one", FINISH)

    assert eventually(lambda: state(database, "a") is JobState.DONE)
    assert replicas.diary() == ["one began a", "one began a", "one ended a"]


def test_a_job_of_a_replica_that_never_returns_is_run_by_another(database: Database, replicas: Replicas) -> None:
    first = replicas.start("one", HANG, lease=3)
    add(database, "a")
    assert eventually(lambda: replicas.wrote("one began a"))

    first.send_signal(signal.SIGKILL)
    first.wait()
    replicas.start("two", FINISH, lease=3)

    assert eventually(lambda: replicas.wrote("two ended a"))
    assert eventually(lambda: state(database, "a") is JobState.DONE)


def test_a_paused_replica_loses_its_job_and_cannot_end_it_when_it_goes_on(
    database: Database, replicas: Replicas
) -> None:
    paused = replicas.start("one", "threading.Event().wait(3)", lease=3)
    add(database, "a")
    assert eventually(lambda: replicas.wrote("one began a"))

    paused.send_signal(signal.SIGSTOP)
    replicas.start("two", HANG, lease=3)
    assert eventually(lambda: replicas.wrote("two began a"))
    paused.send_signal(signal.SIGCONT)

    assert eventually(lambda: replicas.wrote("one ended a"))
    # Its later jobs end only after the end of `a` was offered to the database. Two of these five must be its own:
    # the other replica has three places left.
    add(database, "b", "c", "d", "e", "f")
    assert eventually(lambda: sum(line.startswith("one ended") for line in replicas.diary()) >= 3)
    assert state(database, "a") is JobState.RUNNING


class Breaking(Database):
    """Breaks one commit when told to, before it took effect or after, as a restart of the database does."""

    breaks_next: Literal["before", "after"] | None = None
    with_error: Exception = Unavailable("database", "the connection broke during a commit")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with super().begin() as conn:
            yield conn
            self._break_if("before")
        self._break_if("after")

    def _break_if(self, moment: Literal["before", "after"]) -> None:
        if self.breaks_next == moment:
            self.breaks_next = None
            raise self.with_error


@pytest.fixture
def breaking(database_url: str) -> Iterator[Breaking]:
    with closing(Breaking(database_url)) as database:
        yield database


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_claim_whose_commit_broke_is_run_all_the_same(
    database: Database, breaking: Breaking, moment: Literal["before", "after"]
) -> None:
    ran: list[str] = []
    durable = _durable(breaking, ran.append)
    durable.start()
    add(database, "before")
    assert eventually(lambda: durable.state("before") is JobState.DONE)

    breaking.breaks_next = moment
    add(database, "a")  # through other connections, so that the next commit of the engine's is the claim

    assert eventually(lambda: durable.state("a") is JobState.DONE)
    assert breaking.breaks_next is None
    assert ran == ["before", "a"]
    assert durable.stop(timedelta(seconds=5))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_end_whose_commit_broke_is_recorded_without_running_again(
    database: Database, breaking: Breaking, moment: Literal["before", "after"]
) -> None:
    ran: list[str] = []

    def work(job_id: str) -> None:
        ran.append(job_id)
        breaking.breaks_next = moment  # the next commit records this end

    durable = _durable(breaking, work)
    durable.start()

    add(database, "a")

    assert eventually(lambda: durable.state("a") is JobState.DONE)
    assert durable.stop(timedelta(seconds=5))
    assert breaking.breaks_next is None
    assert ran == ["a"]


def test_a_mistake_in_one_turn_does_not_end_the_engine(
    database: Database, breaking: Breaking, caplog: pytest.LogCaptureFixture
) -> None:
    durable = _durable(breaking, lambda _: None)
    durable.start()
    breaking.with_error = TypeError("a mistake of ours")

    breaking.breaks_next = "before"
    add(database, "a")

    assert eventually(lambda: durable.state("a") is JobState.DONE)
    assert "jobs.turn_failed" in caplog.messages
    assert durable.stop(timedelta(seconds=5))


def test_postgresql_restarting_again_and_again_loses_no_acknowledged_job() -> None:
    with running_postgresql() as server, server.fresh() as url, ExitStack() as cleanup:
        database = cleanup.enter_context(closing(Database(url)))
        ran: Counter[str] = Counter()
        durables = [_durable(database, lambda job_id: ran.update([job_id]), replica=name) for name in ("one", "two")]
        for durable in durables:
            durable.start()
            cleanup.callback(durable.stop, timedelta(seconds=5))
        acknowledged: list[str] = []
        enough = Event()
        feeder = Thread(target=_feed, args=(database, durables[0], acknowledged, enough))
        feeder.start()

        for restart in range(8):
            seen = len(acknowledged)
            assert eventually(partial(_has_grown, acknowledged, beyond=seen + 20))
            server.restart("immediate" if restart % 2 else "fast")
        enough.set()
        feeder.join()

        assert eventually(lambda: not durables[0].open_jobs())
        assert [job_id for job_id in acknowledged if not ran[job_id]] == []
        assert {durables[0].state(job_id) for job_id in acknowledged} == {JobState.DONE}


def _durable(database: Database, work: object, *, replica: str = "one") -> Durable:
    return Durable(
        database=database,
        replica=replica,
        handlers={"work": work},  # type: ignore[dict-item]  # each test gives its own
        concurrency=dict.fromkeys(Queue, 4),
        poll=timedelta(milliseconds=20),
    )


def _has_grown(acknowledged: list[str], *, beyond: int) -> bool:
    return len(acknowledged) > beyond


def _feed(database: Database, durable: Durable, acknowledged: list[str], enough: Event) -> None:
    """Orders work until told to stop: half of it in partitions, which a lost claim would block."""
    for number, queue in enumerate(cycle([Queue.EXECUTE, Queue.DELIVER])):
        if enough.wait(0.005):
            return
        partition = f"C{number % 6}" if queue is Queue.DELIVER else None
        ordered = Job(queue=queue, handler="work", id=str(number), args=(str(number),), partition=partition)
        try:
            with database.begin() as conn:
                durable.enqueue(conn, ordered)
        except Unavailable:
            continue
        acknowledged.append(ordered.id)
