"""The port through which rows order work: a job, its queue, and how it is put into the caller's transaction."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection


class Queue(StrEnum):
    """Each queue has its own concurrency, so a slow one never holds up another."""

    DIAGNOSE = "diagnose"
    EXECUTE = "execute"
    VERIFY = "verify"
    DELIVER = "deliver"  # partitioned by channel: one at a time each
    CHECKS = "checks"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A piece of work to be done at least once.

    `id` names the work (`diagnose:<incident>:<n>`): a second job of the same id is not added. `args` are ids, never
    objects, for they are kept as JSON and outlive a deploy. `delay` is counted from the enqueue. Jobs of one queue
    that share a `partition` run one at a time over all replicas, in the order they were enqueued.
    """

    queue: Queue
    handler: str
    id: str
    args: tuple[str, ...] = ()
    delay: timedelta = timedelta(0)
    partition: str | None = None


class Enqueue(Protocol):
    """Adds a job within the caller's write transaction: both commit, or neither does."""

    def __call__(self, conn: Connection, job: Job) -> None: ...
