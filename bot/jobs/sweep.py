"""Holds the rows against the jobs: what should be under way and is not, is ordered again."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.errors import CountersignError
from bot.engine import execution, resumption
from bot.engine.request import Request, State
from bot.jobs.means import Means
from bot.jobs.requests import brakes
from bot.jobs.requests.case import open_case
from bot.jobs.requests.execute import Execute
from bot.jobs.requests.telling import end
from bot.store import behind, executions, leases, orders, requests, resumptions
from bot.store.work import Job

log = logging.getLogger(__name__)

_SOON = timedelta(seconds=10)  # a job that was not lost has begun by then
_PREPARED_BY = timedelta(minutes=1)
_GIVEN_UP_BY = timedelta(minutes=10)
_DIAGNOSED_BY = timedelta(minutes=2)
_DELIVERED_BY = timedelta(seconds=30)
_LOOK_UP_EVERY = timedelta(seconds=30)
_FEW = 5  # tries of what a person can ask for again
_MANY = 100  # tries of what must come to an end: a start until it is stale, a look-up for most of an hour


@dataclass(frozen=True, kw_only=True, slots=True)
class _Expected:
    """A job that should have been done by now, and how often to try."""

    job: Job
    tries: int


class Sweep:
    """Runs in every replica, every ten seconds or so. Many at once do no harm: a job id is taken once."""

    def __init__(self, means: Means, execute: Execute) -> None:
        self._means = means
        self._execute = execute

    def __call__(self) -> int:
        """Order again what was lost; returns how many jobs that were."""
        now = self._means.now()
        for request_id in self._own_abandoned():
            self._execute(request_id)
        self._give_up_preparing(now)
        with self._means.database.read() as conn:
            lost = [job for each in self._expected(conn, now) if (job := _again(conn, each))]
        if lost:
            with self._means.database.begin() as conn:
                for job in lost:
                    self._means.enqueue(conn, job)
            log.warning("sweep.ordered_again", extra={"jobs": [job.id for job in lost]})
        return len(lost)

    def _own_abandoned(self) -> list[str]:
        """Claims of this process on which no thread of it works any more; no other process will touch those."""
        with self._means.database.read() as conn:
            started = executions.in_state(conn, execution.State.STARTED)
        return [
            each.request_id
            for each in started
            if each.incarnation == self._means.incarnation
            and each.check_until is None  # between two batches nobody is at it
            and not self._execute.is_under_way(each.request_id)
        ]

    def _give_up_preparing(self, now: datetime) -> None:
        with self._means.database.read() as conn:
            old = [each for each in requests.in_state(conn, State.PREPARING) if now - each.requested_at > _GIVEN_UP_BY]
        for request in old:
            with self._means.database.begin() as conn:
                why = "it could not be prepared in time; ask again"
                end(self._means, conn, request, to=State.REFUSED, why=why, now=now)

    def _expected(self, conn: Connection, now: datetime) -> Iterator[_Expected]:
        for incident_id, number in behind.diagnoses(conn, ordered_before=now - _DIAGNOSED_BY):
            yield _Expected(job=orders.diagnose(incident_id, number), tries=_FEW)
        for silence_id, incident_id in behind.silences(conn, asked_before=now - _SOON):
            what = f"swept-{int(now.timestamp() * 1000)}"
            yield _Expected(job=orders.silence(silence_id, incident_id, what), tries=1)
        yield from self._requests(conn, now)
        yield from self._executions(conn, now)
        yield from self._resumptions(conn, now)
        for channel in behind.channels(conn, due_before=now - _DELIVERED_BY):
            yield _Expected(job=orders.deliver(channel, now), tries=1)

    def _requests(self, conn: Connection, now: datetime) -> Iterator[_Expected]:
        for request in requests.in_state(conn, State.PREPARING):
            if now - request.requested_at > _PREPARED_BY:
                yield _Expected(job=orders.prepare(request.id), tries=_FEW)
        for request in requests.in_state(conn, State.OPEN):
            if request.has_expired(now - _SOON):
                yield _Expected(job=orders.expire(request.id), tries=_MANY)
        for request in requests.unclaimed(conn):
            if (request.settled_at is None or now - request.settled_at > _SOON) and not _is_held(conn, request, now):
                yield _Expected(job=orders.execute(request.id), tries=_MANY)

    def _executions(self, conn: Connection, now: datetime) -> Iterator[_Expected]:
        open_jobs = leases.open_jobs(conn)
        for each in executions.in_state(conn, execution.State.STARTED):
            if each.check_until is not None:
                if not any(job_id.startswith(f"go-on:{each.request_id}:") for job_id in open_jobs):
                    yield _Expected(job=orders.go_on(each.request_id, now), tries=1)
            elif not self._means.is_alive(conn, each.incarnation, now):
                yield _Expected(job=orders.execute(each.request_id), tries=_MANY)
        for each in executions.in_state(conn, execution.State.UNKNOWN):
            deed = execution.open_deed(executions.deeds_of(conn, each.request_id))
            if deed is None:  # known for certain meanwhile, and nobody came to say so
                yield _Expected(job=orders.go_on(each.request_id, now), tries=1)
            elif self._can_be_asked(conn, each.request_id):
                yield _Expected(job=orders.look_up(each.request_id, deed.number, after=_LOOK_UP_EVERY), tries=_MANY)
        for each in executions.in_state(conn, execution.State.SUCCEEDED):
            if not any(job_id.startswith(f"verify:{each.request_id}:") for job_id in open_jobs):
                yield _Expected(job=orders.verify(each.request_id, int(now.timestamp())), tries=1)

    def _resumptions(self, conn: Connection, now: datetime) -> Iterator[_Expected]:
        for each in resumptions.in_state(conn, resumption.State.OPEN):
            if each.expires_at <= now - _SOON:
                yield _Expected(job=orders.lapse(each.request_id, each.number), tries=_MANY)
        for each in resumptions.in_state(conn, resumption.State.APPROVED):
            request = requests.get(conn, each.request_id)
            is_late = each.settled_at is None or now - each.settled_at > _SOON
            if request and is_late and not _is_held(conn, resumption.as_request(request, each), now):
                yield _Expected(job=orders.resume(each.request_id, each.number), tries=_MANY)

    def _can_be_asked(self, conn: Connection, request_id: str) -> bool:
        request = requests.get(conn, request_id)
        try:
            return request is not None and open_case(self._means, conn, request).action.probe is not None
        except CountersignError:
            log.exception("sweep.without_files", extra={"request": request_id})
            return False


def _is_held(conn: Connection, request: Request, now: datetime) -> bool:
    """Whether a switch stops it; its release orders it again, and so does the end of its time."""
    return brakes.stopped(conn, request) is not None and not request.is_stale(now)


def _again(conn: Connection, expected: _Expected) -> Job | None:
    return orders.again(conn, expected.job, at_most=expected.tries)
