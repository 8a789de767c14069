"""A client that costs little: kept-open connections, each of which sends its next request when it is answered."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What came of a round: answered requests per second, and their latencies in seconds, shortest first."""

    per_second: float
    latencies: Sequence[float]

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests stayed under."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def request(*, port: int, path: str, token: str, body: bytes) -> bytes:
    """A whole HTTP/1.1 POST of a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def post(*, port: int, requests: Sequence[bytes], clients: int, seconds: float) -> Load:
    """Post for so many seconds. Raises RuntimeError on any answer but 200."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    until = time.perf_counter() + seconds
    connections = []
    for number in range(clients):
        turn = cycle(islice(cycle(requests), number, number + len(requests)))
        _, connection = await loop.create_connection(partial(_Connection, turn, latencies, until), "127.0.0.1", port)
        connections.append(connection)
    began = time.perf_counter()
    for connection in connections:
        connection.send()
    await asyncio.gather(*(connection.ended for connection in connections))
    took = time.perf_counter() - began
    return Load(per_second=len(latencies) / took, latencies=sorted(latencies))


class _Connection(asyncio.Protocol):
    """Knows just enough HTTP: the length of an answer is in its head."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], until: float) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._latencies = latencies
        self._until = until
        self._received = b""
        self._sent_at = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def send(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end or len(rest) < _length(head):
            return
        now = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            self._end(RuntimeError(self._received.decode()))
            return
        self._latencies.append(now - self._sent_at)
        self._received = b""
        if now < self._until:
            self.send()
        else:
            self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error or RuntimeError("the server closed the connection"))

    def _end(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)
        assert self._transport is not None
        self._transport.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
