"""Forwards a host's ops events, identifiers included, as docs/hosts asks of a real host."""

import logging
import time
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Event, Thread

import httpx

from sandbox.world.http import Obj

log = logging.getLogger(__name__)

_TRIES = 5
_PAUSE = 1.0  # seconds between two tries
_TIMEOUT = 5.0


class OpsEvents:
    """Whoever tells an event goes on at once. One that nobody takes is dropped: its alert comes all the same."""

    def __init__(self, *, url: str | None, token: str | None) -> None:
        """`url` is where events are taken, such as a bot's `/ops-events`; without one they are dropped."""
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._waiting: SimpleQueue[Obj] = SimpleQueue()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="world-ops-events", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        if self._url is not None:
            self._thread.start()

    def stop(self) -> None:
        """Stop; what waits is dropped."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def tell(self, event: str, metadata: Obj, *, at: datetime) -> None:
        """Hand one event over; `at` is UTC, with its zone or without. What is no single value stays here."""
        if self._url is None:
            return
        plain: Obj = {name: value for name, value in metadata.items() if isinstance(value, str | int | float | bool)}
        moment = at.replace(tzinfo=UTC).isoformat()
        self._waiting.put({"event": event, "measurements": {"count": 1}, "metadata": plain, "occurred_at": moment})

    def _run(self) -> None:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
            while not self._stopping.is_set():
                try:
                    body = self._waiting.get(timeout=0.2)
                except Empty:
                    continue
                self._post(client, body)

    def _post(self, client: httpx.Client, body: Obj) -> None:
        for _ in range(_TRIES):
            try:
                answer = client.post(str(self._url), json=body, headers=self._headers)
                if answer.status_code < 500:
                    if answer.is_error:
                        log.warning("an ops event was refused: %s %s", answer.status_code, body["event"])
                    return
            except httpx.HTTPError as error:
                log.info("an ops event waits: %s", type(error).__name__)
            if self._stopping.is_set():
                return
            time.sleep(_PAUSE)
        log.warning("an ops event is dropped: %s", body["event"])
