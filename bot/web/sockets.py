"""Socket Mode: connections that the bot holds open to Slack, each watched, and replaced when it has gone dead."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.core.errors import CountersignError
from bot.metrics.stock import Sockets

log = logging.getLogger(__name__)

CONNECTIONS = 2  # Slack sends each payload to one of them, and asks now and then to renew one
_LOOK_EVERY = 5.0  # seconds
_LONGEST_QUIET = 60.0  # seconds without a message or an answer to our pings
_HELLO_WITHIN = 15.0  # seconds; a connection over which nothing is ever said looks open all the same
_OLDEST = 3600.0  # seconds without an event after which one is renewed, for nothing else would show that it is dead
_PAUSES = (1.0, 5.0, 15.0, 30.0)  # seconds before each further try to connect


class Connection(Protocol):
    """One connection; see `bot.web.socket_client.SocketConnection`."""

    def heard(self) -> int:
        """A number that changes whenever anything comes in, answers to our pings included."""
        ...

    def events(self) -> int:
        """How many payloads came in so far."""
        ...

    def has_greeted(self) -> bool:
        """Whether Slack has said hello on it."""
        ...

    def is_connected(self) -> bool: ...

    def close(self) -> None: ...


Connect = Callable[[], Connection]
"""Opens a connection. Raises one of our errors."""


@dataclass(kw_only=True, slots=True)
class _Watched:
    connection: Connection
    greeted_at: float  # when it had last been greeted; when it was opened, before that
    heard: int = 0
    heard_at: float = 0.0
    events: int = 0
    event_at: float = 0.0


class Watchdog:
    """Opens the connections in a thread of its own and looks after them."""

    def __init__(
        self,
        connect: Connect,
        *,
        clock: Callable[[], float],
        count: int = CONNECTIONS,
        look_every: float = _LOOK_EVERY,
        hello_within: float = _HELLO_WITHIN,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._count = count
        self._look_every = look_every
        self._hello_within = hello_within
        self._watched: list[_Watched] = []
        self._looking = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._replaced = 0
        self._failures = 0
        self._try_at = 0.0
        self._error: str | None = None

    def start(self) -> None:
        """Begins; Slack may be down, then it is tried again until it is not."""
        self._thread = threading.Thread(target=self._run, name="slack-sockets", daemon=True)
        self._thread.start()

    def stop(self, timeout: timedelta) -> None:
        """Closes what is open."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout.total_seconds())
        with self._looking:
            for each in self._watched:
                _close(each.connection)
            self._watched.clear()

    def state(self) -> Sockets:
        """Raises nothing: it is asked for at every look at /readyz."""
        now, watched = self._clock(), list(self._watched)
        return Sockets(
            wanted=self._count,
            open=sum(each.connection.is_connected() and each.connection.has_greeted() for each in watched),
            quiet_for=min((now - each.heard_at for each in watched), default=0.0),
            replaced=self._replaced,
            error=self._error,
        )

    def look(self) -> None:
        """Replace what is dead, and open what is missing."""
        with self._looking:
            now = self._clock()
            for each in list(self._watched):
                self._note(each, now)
                why = self._dead(each, now)
                if why is not None:
                    log.warning("socket.replaced", extra={"why": why})
                    self._watched.remove(each)
                    self._replaced += 1
                    _close(each.connection)
            self._renew_oldest(now)
            while len(self._watched) < self._count and now >= self._try_at and self._open(now):
                pass

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception:
                log.exception("socket.look_failed")
            self._stopping.wait(self._look_every)

    def _note(self, each: _Watched, now: float) -> None:
        if each.connection.has_greeted():
            each.greeted_at = now
        if (heard := each.connection.heard()) != each.heard:
            each.heard, each.heard_at = heard, now
        if (events := each.connection.events()) != each.events:
            each.events, each.event_at = events, now

    def _dead(self, each: _Watched, now: float) -> str | None:
        """Why it is given up; the client itself replaces what was hung up on."""
        if not each.connection.has_greeted() and now - each.greeted_at > self._hello_within:
            return "no hello"
        return "nothing heard" if now - each.heard_at > _LONGEST_QUIET else None

    def _renew_oldest(self, now: float) -> None:
        """One at a time, so that another one listens meanwhile; opened before the old one is closed."""
        old = next((each for each in self._watched if now - each.event_at > _OLDEST), None)
        if old is None or len(self._watched) < self._count or now < self._try_at or not self._open(now):
            return
        log.info("socket.renewed")
        self._watched.remove(old)
        _close(old.connection)

    def _open(self, now: float) -> bool:
        try:
            connection = self._connect()
        except CountersignError as error:
            self._error = str(error)
            self._try_at = now + _PAUSES[min(self._failures, len(_PAUSES) - 1)]
            self._failures += 1
            log.warning("socket.not_opened", extra={"error": str(error)})
            return False
        self._error, self._failures = None, 0
        self._watched.append(_Watched(connection=connection, greeted_at=now, heard_at=now, event_at=now))
        return True


def is_hello(message: str) -> bool:
    """Whether this is what Slack says first on a connection that works."""
    return _type(message) == "hello"


def is_payload(message: str) -> bool:
    """Whether this brings something that somebody did."""
    return _type(message) in {"events_api", "interactive", "slash_commands"}


def _type(message: str) -> str:
    try:
        said = json.loads(message)
    except ValueError:
        return ""
    return str(said.get("type", "")) if isinstance(said, dict) else ""


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except Exception as error:  # noqa: BLE001 - it is dead; the library may stumble over that in any way
        log.warning("socket.not_closed", extra={"error": type(error).__name__})
