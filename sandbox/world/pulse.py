"""The world's heartbeat: one thread that lets every host's simulated workers do a little."""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread

log = logging.getLogger(__name__)


class Pulse:
    """Calls each worker every `every` seconds until stopped; one that fails is logged and called again.

    `still` is held during a beat: whoever takes it stops the world for as long.
    """

    def __init__(self, workers: list[Callable[[], None]], *, every: float, still: Lock) -> None:
        self._workers = workers
        self._still = still
        self._every = every
        self._stopping = Event()
        self._thread = Thread(target=self._beat, name="world-pulse", daemon=True)

    def start(self) -> None:
        """Begin beating."""
        self._thread.start()

    def stop(self) -> None:
        """Stop and wait for the beat in progress."""
        self._stopping.set()
        self._thread.join(timeout=30)

    def _beat(self) -> None:
        while not self._stopping.wait(self._every):
            with self._still:
                self._work()

    def _work(self) -> None:
        for worker in self._workers:
            try:
                worker()
            except Exception:  # one worker's trouble must not stop the others
                log.exception("a simulated worker failed")
