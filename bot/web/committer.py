"""Group commit: what arrives while one commit is under way shares the next one, and none is answered before its own."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from bot.core.errors import CountersignError, Unavailable

log = logging.getLogger(__name__)

Item = TypeVar("Item")

_LARGEST = 256  # in one commit: enough to make its cost small, and it still takes milliseconds


class Full(CountersignError):
    """No more may wait: the database is slower than the senders."""


class Closed(CountersignError):
    """The program is shutting down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting(Generic[Item]):
    item: Item
    number: asyncio.Future[int]


class Committer(Generic[Item]):
    """One thread that writes what waits, as many at once as there are; items come from one event loop.

    `write` stores a batch in one committed transaction and returns one number for each; `done` is told the size of
    each commit and how many seconds it took. At most `capacity` wait.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Sequence[int]],
        *,
        done: Callable[[int, float], None],
        capacity: int = 1024,
    ) -> None:
        self._write = write
        self._done = done
        self._capacity = capacity
        self._gathered: list[_Waiting[Item]] = []  # the event loop's own
        self._waiting: deque[_Waiting[Item]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def stop(self, timeout: timedelta) -> bool:
        """Takes no more, and writes what waits; False when that takes longer than the timeout."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout.total_seconds())
        return not self._thread.is_alive()

    def submit(self, item: Item) -> asyncio.Future[int]:
        """The number of the item, once it is committed. Called on an event loop, which it does not hold up.

        The future raises Unavailable when the commit failed. Raises Full and Closed.
        """
        if self._closed:
            raise Closed("shutting down")
        if len(self._waiting) + len(self._gathered) >= self._capacity:
            raise Full(f"{self._capacity} deliveries already wait for the database")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(item=item, number=loop.create_future())
        if not self._gathered:
            # Not at once: the thread would begin with the first of many that have come in the same turn of the loop.
            loop.call_soon(self._hand_over)
        self._gathered.append(waiting)
        return waiting.number

    def _hand_over(self) -> None:
        with self._changed:
            is_closed = self._closed
            if not is_closed:
                self._waiting.extend(self._gathered)
                self._changed.notify()
        if is_closed:
            _settle(self._gathered, (), Closed("shutting down"))
        self._gathered = []

    def _run(self) -> None:
        while batch := self._next():
            began = time.monotonic()
            numbers, error = self._written([each.item for each in batch])
            self._done(len(batch), time.monotonic() - began)
            try:
                batch[0].number.get_loop().call_soon_threadsafe(_settle, batch, numbers, error)
            except RuntimeError:
                log.info("commit.nobody_waits", extra={"size": len(batch)})  # the loop has ended before its requests

    def _next(self) -> list[_Waiting[Item]]:
        """All that waits, up to a limit; empty when there is nothing left and no more will come."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            size = min(len(self._waiting), _LARGEST)
            return [self._waiting.popleft() for _ in range(size)]

    def _written(self, items: Sequence[Item]) -> tuple[Sequence[int], CountersignError | None]:
        try:
            return self._write(items), None
        except Unavailable as error:
            log.warning("commit.failed", extra={"size": len(items), "error": str(error)})
            return (), error
        except Exception:
            log.exception("commit.failed", extra={"size": len(items)})
            return (), Unavailable("database", "the deliveries could not be written; the bot's log says why")


def _settle(batch: Sequence[_Waiting[Item]], numbers: Sequence[int], error: CountersignError | None) -> None:
    for index, waiting in enumerate(batch):
        if waiting.number.done():
            continue  # its request has given up
        if error is None:
            waiting.number.set_result(numbers[index])
        else:
            waiting.number.set_exception(error)
