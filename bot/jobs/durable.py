"""The durable engine: runs the jobs that rows ordered, each at least once, on any number of replicas."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from queue import Empty, SimpleQueue

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.core.errors import Unavailable
from bot.store import leases
from bot.store.database import Database, after_commit
from bot.store.leases import Finished, Lease
from bot.store.work import Job, JobState, Queue

log = logging.getLogger(__name__)

_KEEP = timedelta(days=30)  # ended jobs, and with them the promise that their ids are not run again
_TIDY_EVERY = 3600.0  # seconds

Handlers = Mapping[str, Callable[..., None]]


class Durable:
    """Runs jobs from the database in threads of this process.

    A handler is a plain function of string arguments. It may run more than once (a crash, a lost lease), so what
    it does to the outside stands behind a claim row of its own. If it raises, its job has failed; nothing repeats it.

    One thread talks to the database about jobs: each turn it records what has ended, renews leases and claims
    what fits the free places, in one transaction. `lease` is how long a job of a vanished process stays its own;
    `poll` is how soon jobs that other processes added, and delayed ones, are noticed.
    """

    def __init__(
        self,
        *,
        database: Database,
        replica: str,
        handlers: Handlers,
        concurrency: Mapping[Queue, int],
        lease: timedelta = timedelta(seconds=15),
        poll: timedelta = timedelta(milliseconds=200),
    ) -> None:
        """`handlers` may still be filled until `start`; queues without a concurrency are not worked on here."""
        self._database = database
        self._replica = replica
        self._handlers = handlers
        self._concurrency = dict(concurrency)
        self._lease = lease
        self._poll = poll.total_seconds()
        self._running: dict[str, Lease] = {}  # the dispatching thread's own
        self._finished: SimpleQueue[Finished] = SimpleQueue()
        self._unrecorded: list[Finished] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._abandoned = threading.Event()
        self._in_doubt = False
        self._thread: threading.Thread | None = None
        self._renew_at = 0.0
        self._tidy_at = 0.0

    def enqueue(self, conn: Connection, job: Job) -> None:
        """Adds the job in the caller's transaction; it starts here as soon as that commits, if a place is free."""
        if self._thread is not None and job.handler not in self._handlers:
            raise LookupError(
                f"job {job.id}: no handler {job.handler!r}; there are {', '.join(sorted(self._handlers))}"
            )
        if leases.add(conn, job):
            after_commit(conn, self._wake.set)

    def start(self) -> None:
        """Begins to work. What an earlier process of this replica's name left running is taken up at once."""
        if self._thread is not None:
            raise RuntimeError("already started")
        self.adopt(self._replica)
        self._thread = threading.Thread(target=self._dispatch, name="jobs", daemon=True)
        self._thread.start()

    def stop(self, timeout: timedelta) -> bool:
        """Takes no more jobs and waits for those that run; False when some still did at the timeout.

        Those keep their leases, and are run again elsewhere when the leases end.
        """
        if self._thread is None:
            return True
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout.total_seconds())
        drained = not self._thread.is_alive()
        self._abandoned.set()
        self._wake.set()
        if not drained:
            log.warning("jobs.not_drained", extra={"jobs": sorted(self._running)})
        return drained

    def state(self, job_id: str) -> JobState | None:
        """The state of a job; None when there is none of this id."""
        with self._database.read() as conn:
            return leases.state(conn, job_id)

    def open_jobs(self) -> Mapping[str, JobState]:
        """Every job that waits or runs, on any replica, by id."""
        with self._database.read() as conn:
            return leases.open_jobs(conn)

    def adopt(self, dead_replica: str) -> int:
        """Makes the jobs a dead replica was running claimable now, before their leases end; returns how many."""
        with self._database.begin() as conn:
            released = leases.release(conn, dead_replica)
            after_commit(conn, self._wake.set)
        if released:
            log.info("jobs.adopted", extra={"replica": dead_replica, "count": released})
        return released

    def _dispatch(self) -> None:
        while not self._abandoned.is_set():
            self._wake.wait(self._poll)
            self._wake.clear()
            try:
                self._turn()
            except (Unavailable, IntegrityError) as error:
                # What has ended is recorded by a later turn. Whether the claims were committed is not known: the
                # next turn lets go of them. (Two replicas that claim in one partition meet in its unique index.)
                log.warning("jobs.turn_failed", extra={"error": str(error).partition("\n")[0]})
                self._come_again()
            except Exception:
                log.exception("jobs.turn_failed")  # a mistake of ours must not be the last turn
                self._come_again()
            if self._stopping.is_set() and not self._running and not self._unrecorded:
                return

    def _come_again(self) -> None:
        self._in_doubt = True
        self._abandoned.wait(self._poll)

    def _turn(self) -> None:
        self._collect()
        free = {} if self._stopping.is_set() else self._free_places()
        renewing = self._in_doubt or time.monotonic() >= self._renew_at
        if not self._unrecorded and not renewing and not self._is_ready(free):
            return
        tidying = time.monotonic() >= self._tidy_at
        with self._database.begin() as conn:
            leases.finish(conn, self._unrecorded)
            lost = self._renew(conn) if renewing else set()
            if tidying:
                leases.forget(conn, older=_KEEP)
            claimed = self._claim(conn, free)
        self._settle(renewed=renewing, tidied=tidying, lost=lost)
        for each in claimed:
            threading.Thread(target=self._run, args=(each,), name=f"job {each.id}", daemon=True).start()
            self._running[each.id] = each  # only what has a thread, or its lease would be renewed for ever

    def _collect(self) -> None:
        while True:
            try:
                ended = self._finished.get_nowait()
            except Empty:
                return
            del self._running[ended.lease.id]
            self._unrecorded.append(ended)

    def _free_places(self) -> dict[Queue, int]:
        taken = Counter(each.queue for each in self._running.values())
        return {queue: places - taken[queue] for queue, places in self._concurrency.items() if places > taken[queue]}

    def _is_ready(self, free: Mapping[Queue, int]) -> bool:
        """Looks before it leaps: reading takes no lock, and most turns find nothing."""
        with self._database.read() as conn:
            return bool(self._ready(conn, free))

    def _ready(self, conn: Connection, free: Mapping[Queue, int]) -> list[Queue]:
        if not free:
            return []
        return leases.ready_queues(conn, queues=free.keys(), handlers=self._handlers.keys())

    def _renew(self, conn: Connection) -> set[str]:
        if self._in_doubt:
            leases.release(conn, self._replica, holding=self._running.keys())
        return leases.renew(conn, held=self._running.values(), lease=self._lease)

    def _claim(self, conn: Connection, free: Mapping[Queue, int]) -> list[Lease]:
        claimed: list[Lease] = []
        for queue in self._ready(conn, free):
            claimed += leases.claim(
                conn,
                queue=queue,
                limit=free[queue],
                handlers=self._handlers.keys(),
                replica=self._replica,
                lease=self._lease,
                holding=self._running.keys(),
            )
        return claimed

    def _settle(self, *, renewed: bool, tidied: bool, lost: set[str]) -> None:
        """Notes what the transaction just committed."""
        self._unrecorded.clear()
        if renewed:
            self._in_doubt = False
            self._renew_at = time.monotonic() + self._lease.total_seconds() / 3
        if tidied:
            self._tidy_at = time.monotonic() + _TIDY_EVERY
        for job_id in sorted(lost):
            log.warning("job.lease_lost", extra={"job": job_id})

    def _run(self, lease: Lease) -> None:
        error: str | None = "Interrupted"
        began = time.monotonic()
        try:
            self._handlers[lease.handler](*lease.args)
            error = None
        except Exception as raised:
            error = type(raised).__name__
            log.exception("job.failed", extra={"job": lease.id, "handler": lease.handler})
        finally:
            took = round(time.monotonic() - began, 3)
            log.debug("job.ended", extra={"job": lease.id, "took": took, "error": error})
            self._finished.put(Finished(lease=lease, error=error))
            self._wake.set()
