"""What the engine promises to those who order work, on both databases."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from threading import Event, Lock, Thread

import pytest
from sqlalchemy import func, select, update

from bot.jobs.durable import Durable
from bot.store import leases
from bot.store.database import Database
from bot.store.leases import Finished, Lease
from bot.store.tables import interactions, jobs
from bot.store.work import Job, JobState, Queue
from tests.kit.moments import NOON
from tests.kit.waiting import eventually

Start = Callable[..., Durable]

LONG = timedelta(hours=1)
AT_ONCE = timedelta(milliseconds=1)


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    """Starts an engine on the test's database; all are stopped at the end."""
    with ExitStack() as running:

        def started(
            replica: str = "one",
            *,
            places: int = 8,
            lease: timedelta = LONG,
            poll: timedelta = timedelta(milliseconds=20),
            **handlers: object,
        ) -> Durable:
            durable = Durable(
                database=database,
                replica=replica,
                handlers=handlers,  # type: ignore[arg-type]  # each test names its own functions
                concurrency=dict.fromkeys(Queue, places),
                lease=lease,
                poll=poll,
            )
            durable.start()
            running.callback(durable.stop, timedelta(seconds=5))
            return durable

        yield started


class Diary:
    """A handler that writes down what it was called with, and how many were at it at once."""

    def __init__(self, *, until: Event | None = None) -> None:
        self.entries: list[str] = []
        self.most_at_once = 0
        self._at_work = 0
        self._lock = Lock()
        self._until = until

    def __call__(self, entry: str) -> None:
        with self._lock:
            self.entries.append(entry)
            self._at_work += 1
            self.most_at_once = max(self.most_at_once, self._at_work)
        if self._until is not None:
            self._until.wait(10)
        with self._lock:
            self._at_work -= 1


def order(database: Database, durable: Durable, *ordered: Job) -> None:
    with database.begin() as conn:
        for job in ordered:
            durable.enqueue(conn, job)


def job(job_id: str, *, queue: Queue = Queue.DIAGNOSE, handler: str = "write", **more: object) -> Job:
    return Job(queue=queue, handler=handler, id=job_id, args=(job_id,), **more)  # type: ignore[arg-type]


def claim(database: Database, replica: str, *, lease: timedelta, queue: Queue = Queue.DIAGNOSE) -> list[Lease]:
    """What a replica does that then says no more."""
    with database.begin() as conn:
        return leases.claim(conn, queue=queue, limit=10, handlers=["write"], replica=replica, lease=lease, holding=())


def finish(database: Database, lease: Lease, *, error: str | None = None) -> None:
    with database.begin() as conn:
        leases.finish(conn, [Finished(lease=lease, error=error)])


def test_a_job_runs_with_its_arguments_and_is_done(database: Database, start: Start) -> None:
    diary = Diary()
    durable = start(write=diary)

    order(database, durable, job("a"))

    assert eventually(lambda: durable.state("a") is JobState.DONE)
    assert diary.entries == ["a"]


def test_a_job_starts_when_its_transaction_commits_and_not_at_the_next_poll(database: Database, start: Start) -> None:
    durable = start(poll=LONG, write=Diary())

    order(
        database, durable, job("a", queue=Queue.DELIVER, partition="C1"), job("b", queue=Queue.DELIVER, partition="C1")
    )

    assert eventually(lambda: durable.state("b") is JobState.DONE)


def test_a_row_and_its_job_commit_together(database: Database, start: Start) -> None:
    durable = start(write=lambda row: counted.append(_rows(database)))
    counted: list[int] = []

    with database.begin() as conn:
        conn.execute(interactions.insert().values(id="row", at=NOON))
        durable.enqueue(conn, job("a"))

    assert eventually(lambda: counted == [1])


def test_a_transaction_that_rolls_back_leaves_neither_row_nor_job(database: Database, start: Start) -> None:
    diary = Diary()
    durable = start(write=diary)

    def order_and_fail() -> None:
        with database.begin() as conn:
            conn.execute(interactions.insert().values(id="row", at=NOON))
            durable.enqueue(conn, job("lost"))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        order_and_fail()
    order(database, durable, job("kept"))

    assert eventually(lambda: durable.state("kept") is JobState.DONE)
    assert diary.entries == ["kept"]
    assert durable.state("lost") is None
    assert _rows(database) == 0


def test_the_same_id_runs_once_however_often_it_is_ordered(database: Database, start: Start) -> None:
    diary = Diary()
    durable = start(write=diary)

    order(database, durable, job("a"), job("a"))
    assert eventually(lambda: durable.state("a") is JobState.DONE)
    order(database, durable, job("a"), job("b"))

    assert eventually(lambda: durable.state("b") is JobState.DONE)
    assert diary.entries == ["a", "b"]


def test_a_delayed_job_waits_for_its_delay(database: Database, start: Start) -> None:
    ran_at: list[float] = []
    durable = start(write=lambda _: ran_at.append(time.monotonic()))
    ordered_at = time.monotonic()

    order(database, durable, job("later", delay=timedelta(milliseconds=300)))

    assert eventually(lambda: ran_at)
    assert ran_at[0] - ordered_at >= 0.29


def test_jobs_of_one_partition_run_one_at_a_time_in_the_order_they_were_ordered(
    database: Database, start: Start
) -> None:
    diary = Diary()
    first, second = start("one", write=diary), start("two", write=diary)
    ids = [f"{number * 7 % 30:02d}" for number in range(30)]  # no order that an id or a clock could give by chance

    for number, job_id in enumerate(ids):
        order(database, (first, second)[number % 2], job(job_id, queue=Queue.DELIVER, partition="C1"))

    assert eventually(lambda: len(diary.entries) == 30)
    assert diary.entries == ids
    assert diary.most_at_once == 1


def test_one_that_starts_does_the_work_of_its_equals_that_are_due(database: Database, start: Start) -> None:
    go = Event()
    slow, other = Diary(until=go), Diary()
    durable = start(slow=slow, other=other)

    def equal(job_id: str, **changes: object) -> Job:
        made = Job(queue=Queue.DELIVER, handler="slow", id=job_id, args=("C1",), partition="C1")
        return replace(made, **changes)  # type: ignore[arg-type]  # each change is of its field's type

    order(database, durable, equal("first"))
    assert eventually(lambda: slow.entries == ["C1"])
    order(database, durable, *(equal(f"equal-{number}") for number in range(3)))
    order(database, durable, equal("later", delay=LONG), equal("unlike", handler="other"))
    go.set()

    assert eventually(lambda: durable.state("unlike") is JobState.DONE)
    assert slow.entries == ["C1", "C1"]
    assert {durable.state(f"equal-{number}") for number in range(3)} == {JobState.DONE}
    assert durable.state("later") is JobState.WAITING


def test_a_partition_at_work_does_not_hold_up_another(database: Database, start: Start) -> None:
    release = Event()
    slow, quick = Diary(until=release), Diary()
    durable = start(slow=slow, write=quick)

    order(
        database,
        durable,
        job("C1-1", queue=Queue.DELIVER, partition="C1", handler="slow"),
        job("C1-2", queue=Queue.DELIVER, partition="C1"),
        job("C2-1", queue=Queue.DELIVER, partition="C2"),
    )

    assert eventually(lambda: durable.state("C2-1") is JobState.DONE)
    assert durable.state("C1-2") is JobState.WAITING
    release.set()
    assert eventually(lambda: durable.state("C1-2") is JobState.DONE)


def test_a_delayed_job_does_not_hold_up_its_partition(database: Database, start: Start) -> None:
    durable = start(write=Diary())

    order(
        database,
        durable,
        job("later", queue=Queue.DELIVER, partition="C1", delay=LONG),
        job("now", queue=Queue.DELIVER, partition="C1"),
    )

    assert eventually(lambda: durable.state("now") is JobState.DONE)
    assert durable.state("later") is JobState.WAITING


def test_a_full_queue_does_not_hold_up_another(database: Database, start: Start) -> None:
    release = Event()
    durable = start(places=2, slow=Diary(until=release), write=Diary())

    order(database, durable, *(job(f"d{number}", handler="slow") for number in range(5)))
    order(database, durable, job("e", queue=Queue.EXECUTE))

    assert eventually(lambda: durable.state("e") is JobState.DONE)
    release.set()


def test_no_more_run_at_once_than_the_queue_has_places(database: Database, start: Start) -> None:
    release = Event()
    diary = Diary(until=release)
    durable = start(places=3, write=diary, look=Diary())

    order(database, durable, *(job(f"{number}") for number in range(8)))
    assert eventually(lambda: len(diary.entries) == 3)
    order(database, durable, job("since", queue=Queue.VERIFY, handler="look"))
    assert eventually(lambda: durable.state("since") is JobState.DONE)  # the engine has looked again since
    at_work = diary.most_at_once
    release.set()

    assert eventually(lambda: not durable.open_jobs())
    assert (at_work, diary.most_at_once) == (3, 3)


def test_a_handler_that_raises_fails_its_job_and_the_rest_go_on(
    database: Database, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str) -> None:
        raise ValueError("4242 4242 4242 4242")

    durable = start(places=1, fail=fail, write=Diary())

    with caplog.at_level(logging.ERROR):
        order(database, durable, job("bad", handler="fail"), job("good"))
        assert eventually(lambda: durable.state("good") is JobState.DONE)

    assert durable.state("bad") is JobState.FAILED
    assert _error(database, "bad") == "ValueError"  # the kind only: its text may hold what must not be kept
    assert [record.message for record in caplog.records] == ["job.failed"]


def test_two_replicas_share_a_queue_and_run_each_job_once(database: Database, start: Start) -> None:
    release = Event()
    mine, yours = Diary(until=release), Diary(until=release)
    first, second = start("one", places=3, write=mine), start("two", places=3, write=yours)

    order(database, first, *(job(f"{number}") for number in range(20)))
    assert eventually(lambda: len(mine.entries) == 3 and len(yours.entries) == 3)
    release.set()

    assert eventually(lambda: not second.open_jobs())
    assert sorted(mine.entries + yours.entries, key=int) == [f"{number}" for number in range(20)]


def test_a_dead_replicas_jobs_are_run_once_they_are_adopted(database: Database, start: Start) -> None:
    diary = Diary()
    durable = start("living", write=diary)
    with database.begin() as conn:
        leases.add(conn, job("a", queue=Queue.VERIFY))
        held = leases.claim(
            conn, queue=Queue.VERIFY, limit=1, handlers=["write"], replica="dead", lease=LONG, holding=()
        )

    adopted = durable.adopt("dead")

    assert [lease.id for lease in held] == ["a"]
    assert adopted == 1
    assert eventually(lambda: durable.state("a") is JobState.DONE)
    assert diary.entries == ["a"]


def test_a_silent_replicas_jobs_are_run_when_their_leases_end(database: Database, start: Start) -> None:
    with database.begin() as conn:
        leases.add(conn, job("a"))
    claim(database, "silent", lease=timedelta(seconds=3))
    diary = Diary()

    durable = start("living", write=diary)

    assert durable.state("a") is JobState.RUNNING
    assert eventually(lambda: durable.state("a") is JobState.DONE)
    assert diary.entries == ["a"]


def test_a_replica_that_starts_again_takes_up_what_it_left(database: Database, start: Start) -> None:
    with database.begin() as conn:
        leases.add(conn, job("a"))
    claim(database, "one", lease=LONG)

    durable = start("one", write=Diary())

    assert eventually(lambda: durable.state("a") is JobState.DONE)


def test_a_long_job_keeps_its_lease_while_its_replica_lives(database: Database, start: Start) -> None:
    release, lease = Event(), timedelta(seconds=3)
    diary = Diary(until=release)
    first = start("one", lease=lease, write=diary)
    order(database, first, job("long"))
    assert eventually(lambda: diary.entries)

    start("two", lease=lease, write=diary)
    taken_twice = eventually(lambda: len(diary.entries) > 1, within=1.5 * lease.total_seconds())
    release.set()

    assert not taken_twice
    assert eventually(lambda: first.state("long") is JobState.DONE)


def test_a_lease_that_another_took_over_cannot_end_the_job(database: Database) -> None:
    with database.begin() as conn:
        leases.add(conn, job("a"))
    (stale,) = claim(database, "paused", lease=AT_ONCE)
    taken: list[list[Lease]] = []

    def take() -> bool:
        taken.append(claim(database, "living", lease=LONG))
        return bool(taken[-1])

    assert eventually(take)

    finish(database, stale, error="TooLate")

    assert _state(database, "a") is JobState.RUNNING
    finish(database, *taken[-1])
    assert _state(database, "a") is JobState.DONE


def test_a_lease_that_another_took_over_is_reported_lost(database: Database) -> None:
    with database.begin() as conn:
        leases.add(conn, job("a"))
        leases.add(conn, job("b", queue=Queue.VERIFY))
    (stale,) = claim(database, "paused", lease=AT_ONCE)
    (kept,) = claim(database, "paused", lease=LONG, queue=Queue.VERIFY)
    assert eventually(lambda: claim(database, "living", lease=LONG))

    with database.begin() as conn:
        lost = leases.renew(conn, held=[stale, kept], lease=LONG)

    assert lost == {"a"}


def test_a_job_is_left_to_the_replicas_that_know_its_handler(database: Database, start: Start) -> None:
    old = start("old", write=Diary())
    with database.begin() as conn:
        leases.add(conn, job("a", handler="novel"))
    order(database, old, job("b"))
    assert eventually(lambda: old.state("b") is JobState.DONE)

    start("new", novel=Diary())

    assert eventually(lambda: old.state("a") is JobState.DONE)


def test_ordering_work_that_no_handler_does_is_refused(database: Database, start: Start) -> None:
    durable = start(write=Diary())

    with pytest.raises(LookupError, match="no handler 'wriet'"), database.begin() as conn:
        durable.enqueue(conn, job("a", handler="wriet"))


def test_a_job_that_keeps_taking_its_process_down_is_given_up(database: Database, start: Start) -> None:
    with database.begin() as conn:
        leases.add(conn, job("deadly"))
        conn.execute(update(jobs).values(claims=leases.MAX_CLAIMS))

    durable = start(write=Diary())

    assert eventually(lambda: durable.state("deadly") is JobState.FAILED)


def test_stopping_waits_for_what_runs_and_starts_nothing_more(database: Database, start: Start) -> None:
    release = Event()
    diary = Diary(until=release)
    durable = start(places=1, write=diary)
    order(database, durable, job("running"), job("waiting"))
    assert eventually(lambda: diary.entries == ["running"])
    drained: list[bool] = []
    stopping = Thread(target=lambda: drained.append(durable.stop(timedelta(seconds=5))))

    stopping.start()
    assert eventually(durable._stopping.is_set)
    release.set()
    stopping.join()

    assert drained == [True]
    assert durable.state("running") is JobState.DONE
    assert durable.state("waiting") is JobState.WAITING


def test_stopping_gives_up_on_a_stuck_job_at_the_timeout(database: Database, start: Start) -> None:
    release = Event()
    diary = Diary(until=release)
    durable = start(write=diary)
    order(database, durable, job("stuck"))
    assert eventually(lambda: diary.entries)

    drained = durable.stop(timedelta(milliseconds=100))
    left = durable.state("stuck")  # before it is let go, for then it may end and be recorded all the same
    release.set()

    assert not drained
    assert left is JobState.RUNNING


def test_jobs_that_ended_long_ago_are_forgotten_and_open_ones_never(database: Database) -> None:
    with database.begin() as conn:
        leases.add(conn, job("old"))
    finish(database, *claim(database, "one", lease=LONG))
    with database.begin() as conn:
        leases.add(conn, job("open"))

    with database.begin() as conn:
        kept = leases.forget(conn, older=LONG)
        forgotten = leases.forget(conn, older=timedelta(seconds=-1))

    assert (kept, forgotten) == (0, 1)
    assert _state(database, "open") is JobState.WAITING


def _rows(database: Database) -> int:
    with database.read() as conn:
        return conn.scalar(select(func.count()).select_from(interactions)) or 0


def _state(database: Database, job_id: str) -> JobState | None:
    with database.read() as conn:
        return leases.state(conn, job_id)


def _error(database: Database, job_id: str) -> str | None:
    with database.read() as conn:
        return conn.scalar(select(jobs.c.error).where(jobs.c.id == job_id))
