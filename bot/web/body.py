"""Reading a request's body within bounds: of its size, and of the memory that all bodies take together."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from bot.web.errors import Problem

LIMIT = 2 * 1024 * 1024
"""Bytes of one body: some thousand alerts. Alertmanager's max_alerts keeps a notification smaller."""

_IN_HAND = 64 * 1024 * 1024  # bytes of all bodies being read or waiting for their commit


class Bodies:
    """The bodies in hand; used on one event loop."""

    def __init__(self, *, limit: int = LIMIT, in_hand: int = _IN_HAND) -> None:
        self._limit = limit
        self._most = in_hand
        self._in_hand = 0

    @contextmanager
    def hold(self) -> Iterator["Held"]:
        """Counts a body as in hand for as long as the block lasts."""
        held = Held(self)
        try:
            yield held
        finally:
            self._in_hand -= held.size

    def check(self, size: int) -> None:
        """Raises Problem (413) when a body of this size is too large."""
        if size > self._limit:
            raise Problem(
                413,
                "too_large",
                f"the body is larger than {self._limit} bytes; set max_alerts in Alertmanager's webhook_configs",
            )

    def take(self, size: int) -> None:
        """Counts more bytes. Raises Problem (503) when there is no room for them."""
        if self._in_hand + size > self._most:
            raise Problem.unavailable("overloaded", "too much is in hand already; send it again later")
        self._in_hand += size


class Held:
    """One body in hand."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.size = 0

    async def read(self, request: Request) -> bytes:
        """The whole body; each piece is counted before the next is taken. Raises Problem (400, 413, 503)."""
        declared = request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit():
            self._bodies.check(int(declared[:20]))  # more digits are too large all the more
        pieces: list[bytes] = []
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise Problem(400, "disconnected", "the sender went away before the body was complete")
            piece: bytes = message.get("body", b"")
            self._bodies.check(self.size + len(piece))
            self._bodies.take(len(piece))
            self.size += len(piece)
            pieces.append(piece)
            if not message.get("more_body"):
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
