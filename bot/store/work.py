"""The ports through which rows have effects: a job ordered, and a message shown, in the caller's transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection

Clock = Callable[[], datetime]
"""Now, as an aware datetime in UTC."""


class Queue(StrEnum):
    """Each queue has its own concurrency, so a slow one never holds up another."""

    DIAGNOSE = "diagnose"
    EXECUTE = "execute"
    VERIFY = "verify"
    DELIVER = "deliver"  # partitioned by channel: one at a time each
    CHECKS = "checks"
    SILENCES = "silences"  # partitioned by incident: one at a time each


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
    that share a `partition` run one at a time over all replicas, in the order they were enqueued; one that starts does
    the work of all that are due there with its handler and `args`.
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


class Show(Protocol):
    """Writes the message rows that say how something stands now, and orders their delivery.

    Called in the transaction of each change that people see. A message that would say the same is left alone.
    """

    def incident(self, conn: Connection, incident_id: str, now: datetime) -> None:
        """The root message."""
        ...

    def diagnosis(self, conn: Connection, incident_id: str, number: int, now: datetime) -> None:
        """Evidence, charts and checklist in the thread, and the root's conclusions."""
        ...

    def checklist(self, conn: Connection, incident_id: str, now: datetime) -> None:
        """The checklist, and what is done of it."""
        ...

    def request(self, conn: Connection, request_id: str, now: datetime) -> None:
        """The card of one request."""
        ...

    def thread(self, conn: Connection, incident_id: str, now: datetime) -> bool:
        """Tell an incident by itself that a storm's message stood for; False when it is already."""
        ...

    def storm(self, conn: Connection, storm_id: str, now: datetime) -> None:
        """The message that stands for many incidents of a channel."""
        ...
