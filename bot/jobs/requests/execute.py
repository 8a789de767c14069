"""Carries an approved request out, once; and goes on with what a process that is gone left behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import CountersignError
from bot.engine import execution
from bot.engine.request import Request, State
from bot.jobs.means import Means
from bot.jobs.requests.carrying import carry_on
from bot.jobs.requests.case import Case, open_case
from bot.jobs.requests.claiming import claim
from bot.jobs.requests.look import No
from bot.jobs.requests.resuming import go_on_again
from bot.jobs.requests.settling import look_up
from bot.jobs.requests.telling import end
from bot.store import executions, requests


class Execute:
    """The handler of `execute`. It knows what its own process has under way, so as not to meddle with that."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._under_way: set[str] = set()
        self._lock = Lock()

    def __call__(self, request_id: str) -> None:
        """Start the request if nobody has; otherwise go on with it if nobody is at it, or look an unknown up."""
        with self._alone(request_id) as is_alone:
            if is_alone:
                self._run(request_id)

    def resume(self, request_id: str, number: str) -> None:
        """Go on with an execution that had ended, as this resumption of it was approved."""
        with self._alone(request_id) as is_alone:
            if is_alone:
                self._resume(request_id, int(number))

    def is_under_way(self, request_id: str) -> bool:
        """Whether a thread of this process works on it now."""
        with self._lock:
            return request_id in self._under_way

    @contextmanager
    def _alone(self, request_id: str) -> Iterator[bool]:
        """Whether this thread is the only one of this process at the request; while it is, others are not."""
        with self._lock:
            is_alone = request_id not in self._under_way
            self._under_way.add(request_id)
        try:
            yield is_alone
        finally:
            if is_alone:
                with self._lock:
                    self._under_way.discard(request_id)

    def _resume(self, request_id: str, number: int) -> None:
        with self._means.database.read() as conn:
            request = requests.get(conn, request_id)
            case = open_case(self._means, conn, request) if request else None
        if case is not None and go_on_again(self._means, case, number):
            carry_on(self._means, case)

    def _run(self, request_id: str) -> None:
        means = self._means
        with means.database.read() as conn:
            request = requests.get(conn, request_id)
            if request is None or request.state is not State.APPROVED:
                return
            claimed = executions.get(conn, request_id)
            found = _case(means, conn, request, is_claimed=claimed is not None)
            lives = claimed is not None and means.is_alive(conn, claimed.incarnation, means.now())
        match found, claimed:
            case No() as no, _:
                self._refuse(request, no.note)
            case Case() as case, None:
                self._begin(case)
            case Case() as case, execution.Execution(state=execution.State.STARTED) as held:
                # This thread is the only one of this process here, so a claim of its own has no thread any more; and
                # between two batches nobody is at it.
                if held.incarnation == means.incarnation or not lives or held.check_until is not None:
                    carry_on(means, case)
            case Case() as case, execution.Execution(state=execution.State.UNKNOWN):
                if look_up(means, case):
                    carry_on(means, case)
            case _:
                return

    def _begin(self, case: Case) -> None:
        if claim(self._means, case) is not None:
            carry_on(self._means, case, is_fresh=True)

    def _refuse(self, request: Request, why: str) -> None:
        now = self._means.now()
        with self._means.database.begin() as conn:
            if executions.get(conn, request.id) is None:
                end(self._means, conn, request, to=State.REFUSED, why=why, now=now)


def _case(means: Means, conn: Connection, request: Request, *, is_claimed: bool) -> Case | No:
    """The case; No when it has not begun and its files are gone for good. Raises what may pass."""
    try:
        return open_case(means, conn, request)
    except CountersignError as error:
        if is_claimed or error.retryable:
            raise
        return No(note=mask(str(error)))
