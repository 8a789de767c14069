"""The world's heartbeat: one thread that lets every host's simulated workers do a little."""

import logging
from collections.abc import Callable
from threading import Event, Thread

log = logging.getLogger(__name__)


class Pulse:
    """Calls each worker every `every` seconds until stopped; one that fails is logged and called again."""

    def __init__(self, workers: list[Callable[[], None]], *, every: float) -> None:
        self._workers = workers
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
            for worker in self._workers:
                try:
                    worker()
                except Exception:  # a worker's trouble (a reset under its feet) must not stop the others
                    log.exception("a simulated worker failed")
