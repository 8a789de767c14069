"""Tells whoever listens (the open pages) that something changed, and what."""

import asyncio
from collections.abc import AsyncIterator

from sandbox.workspace.jsontype import JsonObject

_CLOSED: JsonObject = {}


class Hub:
    """Fans changes out to any number of listeners; a listener that has stopped reading loses the oldest ones."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[JsonObject]] = set()

    def publish(self, change: JsonObject) -> None:
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(change)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self.publish(_CLOSED)

    async def listen(self, *, idle: float) -> AsyncIterator[JsonObject | None]:
        """Changes as they come; None whenever `idle` seconds passed without one; ends when the hub closes."""
        queue: asyncio.Queue[JsonObject] = asyncio.Queue(maxsize=1000)
        self._listeners.add(queue)
        try:
            while True:
                try:
                    change = await asyncio.wait_for(queue.get(), timeout=idle)
                except TimeoutError:
                    yield None
                    continue
                if change is _CLOSED:
                    return
                yield change
        finally:
            self._listeners.discard(queue)
