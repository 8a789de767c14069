"""Reading a request's body within bounds: of size, of time, and of memory over all requests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import ClientDisconnect, Request

from bot.web.errors import Problem

LIMIT = 2 * 1024 * 1024
"""Bytes of one body. Alertmanager's max_alerts keeps a notification small; this is some thousand alerts."""

_IN_HAND = 64 * 1024 * 1024  # bytes of all bodies being read or waiting for their commit
_PATIENCE = 10.0  # seconds for one body; Alertmanager gives up sooner


class Bodies:
    """Bodies in hand; used on one event loop."""

    def __init__(self, *, limit: int = LIMIT, in_hand: int = _IN_HAND, patience: float = _PATIENCE) -> None:
        self._limit = limit
        self._most = in_hand
        self._patience = patience
        self._in_hand = 0

    @contextmanager
    def hold(self) -> Iterator["Held"]:
        """Counts a request's body as in hand for as long as the block lasts."""
        held = Held(self)
        try:
            yield held
        finally:
            self._in_hand -= held.size

    def take(self, size: int, *, of: int) -> None:
        """Count `size` more bytes of a body that has then `of`. Raises Problem (413, 503)."""
        if of > self._limit:
            raise _too_large(self._limit)
        if self._in_hand + size > self._most:
            raise Problem.unavailable("overloaded", "too many bodies are in hand; send it again later")
        self._in_hand += size

    async def read(self, request: Request, held: "Held") -> bytes:
        """The whole body. Raises Problem (413 when it is too large, 503 when it takes too long)."""
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._limit:
            raise _too_large(self._limit)
        try:
            async with asyncio.timeout(self._patience):
                return await held.read(request)
        except TimeoutError:
            message = f"the body did not arrive within {self._patience:g} s; send it again"
            raise Problem.unavailable("slow_body", message) from None
        except ClientDisconnect:
            raise Problem(400, "disconnected", "the sender went away before the body was complete") from None


class Held:
    """One body in hand."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.size = 0

    async def read(self, request: Request) -> bytes:
        """The body, every chunk of it counted before the next is taken."""
        chunks = []
        async for chunk in request.stream():
            self._bodies.take(len(chunk), of=self.size + len(chunk))
            self.size += len(chunk)
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "too_large",
        f"the body is larger than {limit} bytes; set max_alerts in Alertmanager's webhook_configs, or group by more",
    )
