"""Jobs as rows: added with their cause, claimed under a lease, finished by whoever still holds it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    cast,
    delete,
    exists,
    extract,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from bot.store.database import insert_new
from bot.store.tables import jobs
from bot.store.work import Job, JobState, Queue

MAX_CLAIMS = 50  # a job that took its process down this often is given up, or it would do so for ever

_MOST_EQUALS = 1000  # jobs that one does the work of; those beyond follow it

# Written out in the statement and not bound, so that the planner sees that the partial indexes apply.
_WAITING: ColumnElement[str] = literal_column(f"'{JobState.WAITING}'")
_RUNNING: ColumnElement[str] = literal_column(f"'{JobState.RUNNING}'")
_JULIAN_1970 = 2_440_587.5  # SQLite counts days from noon in 4714 BC


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A claimed job. `token` is the fence: once another replica claims the job, this lease can no longer end it."""

    id: str
    queue: Queue
    handler: str
    args: tuple[str, ...]
    token: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """A lease whose handler has returned; `error` names the exception it raised, if it did."""

    lease: Lease
    error: str | None


def add(conn: Connection, job: Job) -> bool:
    """Adds the job unless one of its id is there, in whatever state; says whether it did."""
    row = {
        "id": job.id,
        "queue": job.queue,
        "partition": job.partition,
        "handler": job.handler,
        "args": list(job.args),
        "state": JobState.WAITING,
        "ready_at": _now(conn) + _milliseconds(job.delay),
    }
    return insert_new(conn, jobs, row)


def ready_queues(conn: Connection, *, queues: Collection[Queue], handlers: Collection[str]) -> list[Queue]:
    """Which of the queues hold something that could be claimed now."""
    found = select(jobs.c.queue).where(_claimable(conn, queues, handlers)).distinct()
    return [Queue(name) for name in conn.scalars(found)]


def claim(
    conn: Connection,
    *,
    queue: Queue,
    limit: int,
    handlers: Collection[str],
    replica: str,
    lease: timedelta,
    holding: Collection[str],
) -> list[Lease]:
    """Claims up to `limit` jobs of the queue, oldest first, for handlers this process knows; ends their equals.

    `holding` are the ids this process still works on: an expired lease on one of those is its own to renew.
    """
    rows = conn.execute(
        select(jobs.c.seq, jobs.c.id, jobs.c.partition, jobs.c.handler, jobs.c.args, jobs.c.claims)
        .where(_claimable(conn, [queue], handlers), jobs.c.id.not_in(holding))
        .order_by(jobs.c.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    poisonous = [row.seq for row in rows if row.claims >= MAX_CLAIMS]
    claimed = [row for row in rows if row.claims < MAX_CLAIMS]
    if poisonous:
        _end(conn, jobs.c.seq.in_(poisonous), JobState.FAILED, error="GivenUp")
    if claimed:
        conn.execute(
            update(jobs)
            .where(jobs.c.seq.in_([row.seq for row in claimed]))
            .values(
                state=JobState.RUNNING,
                claims=jobs.c.claims + 1,
                replica=replica,
                lease_until=_now(conn) + _milliseconds(lease),
            )
        )
        _end_equals(conn, queue, {row.partition: (row.handler, row.args) for row in claimed if row.partition})
    return [
        Lease(id=row.id, queue=queue, handler=row.handler, args=tuple(row.args), token=row.claims + 1)
        for row in claimed
    ]


def _end_equals(conn: Connection, queue: Queue, at_work: Mapping[str, tuple[str, list[str]]]) -> None:
    """What is due in a partition for the work that starts there: it will see all that they were ordered for."""
    if not at_work:
        return
    waiting = conn.execute(
        select(jobs.c.seq, jobs.c.partition, jobs.c.handler, jobs.c.args)
        .where(jobs.c.queue == queue, jobs.c.partition.in_(at_work))
        .where(jobs.c.state == _WAITING, jobs.c.ready_at <= _now(conn))
        .limit(_MOST_EQUALS)
    )
    equal = [row.seq for row in waiting if (row.handler, row.args) == at_work[row.partition]]
    if equal:
        _end(conn, jobs.c.seq.in_(equal), JobState.DONE, error=None)


def renew(conn: Connection, *, held: Collection[Lease], lease: timedelta) -> set[str]:
    """Extends the leases still held; returns the ids of those that others have claimed meanwhile."""
    if not held:
        return set()
    extended = conn.scalars(
        update(jobs).where(_held(held)).values(lease_until=_now(conn) + _milliseconds(lease)).returning(jobs.c.id)
    )
    return {lease.id for lease in held} - set(extended)


def finish(conn: Connection, finished: Collection[Finished]) -> None:
    """Ends the jobs whose leases are still held; the others belong to their new holders."""
    done = [each.lease for each in finished if each.error is None]
    if done:
        _end(conn, _held(done), JobState.DONE, error=None)
    for each in finished:
        if each.error is not None:
            _end(conn, _held([each.lease]), JobState.FAILED, error=each.error)


def release(conn: Connection, replica: str, *, holding: Collection[str] = ()) -> int:
    """Lets anyone claim, now, what the replica is said to be running, except the jobs it is `holding`."""
    running = and_(jobs.c.replica == replica, jobs.c.state == _RUNNING, jobs.c.id.not_in(holding))
    return conn.execute(update(jobs).where(running).values(lease_until=0)).rowcount


def state(conn: Connection, job_id: str) -> JobState | None:
    """The state of a job; None when there is none of this id, or it ended long ago."""
    found = conn.scalar(select(jobs.c.state).where(jobs.c.id == job_id))
    return None if found is None else JobState(found)


def open_jobs(conn: Connection) -> Mapping[str, JobState]:
    """Every job that waits or runs, by id."""
    rows = conn.execute(select(jobs.c.id, jobs.c.state).where(_open()))
    return {row.id: JobState(row.state) for row in rows}


def forget(conn: Connection, *, older: timedelta) -> int:
    """Deletes jobs that ended longer than this ago; returns how many."""
    past = jobs.c.finished_at < _now(conn) - _milliseconds(older)
    return conn.execute(delete(jobs).where(past)).rowcount


def _claimable(conn: Connection, queues: Iterable[Queue], handlers: Collection[str]) -> ColumnElement[bool]:
    now = _now(conn)
    waiting = and_(jobs.c.state == _WAITING, jobs.c.ready_at <= now, ~_behind_another(now))
    abandoned = and_(jobs.c.state == _RUNNING, jobs.c.lease_until < now)
    return and_(_open(), jobs.c.queue.in_(queues), jobs.c.handler.in_(handlers), or_(waiting, abandoned))


def _behind_another(now: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the job's partition is at work, or has an older job ready; never so without a partition."""
    other = jobs.alias("other")
    same_partition = and_(other.c.queue == jobs.c.queue, other.c.partition == jobs.c.partition)
    at_work = exists().where(same_partition, other.c.state == _RUNNING)
    older = exists().where(same_partition, other.c.state == _WAITING, other.c.seq < jobs.c.seq, other.c.ready_at <= now)
    return or_(at_work, older)


def _held(leases: Iterable[Lease]) -> ColumnElement[bool]:
    keys = [(lease.id, lease.token) for lease in leases]
    return and_(jobs.c.state == _RUNNING, tuple_(jobs.c.id, jobs.c.claims).in_(keys))


def _end(conn: Connection, which: ColumnElement[bool], state: JobState, *, error: str | None) -> None:
    conn.execute(update(jobs).where(which).values(state=state, error=error, lease_until=None, finished_at=_now(conn)))


def _open() -> ColumnElement[bool]:
    return jobs.c.state.in_([_WAITING, _RUNNING])


def _now(conn: Connection) -> ColumnElement[int]:
    """The database's clock, in milliseconds since 1970: one clock for all replicas, at each statement."""
    if conn.dialect.name == "postgresql":
        return cast(extract("epoch", func.clock_timestamp()) * 1000, BigInteger)
    return cast((func.julianday("now") - _JULIAN_1970) * 86_400_000, BigInteger)


def _milliseconds(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)
