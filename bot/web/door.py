"""A door that takes deliveries: a body is checked, stored, and only then answered."""

import asyncio
from typing import ClassVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from bot.core.errors import BadInput, Unavailable
from bot.metrics.own import Metrics
from bot.store.deliveries import Delivery, Source
from bot.store.work import Clock
from bot.web.auth import Gate
from bot.web.body import Bodies
from bot.web.committer import Closed, Committer, Full
from bot.web.errors import Problem

_LARGE = 64 * 1024  # bytes; larger bodies are checked in a thread, so that they do not hold up the others
_PATIENCE = 8.0  # seconds for body and commit together; Alertmanager cuts a request at ten


class Door:
    """One kind of body, for one path. Answers 200 `{"delivery": number}` once the delivery is committed.

    Everything else is `{"error", "message"}`: 400 malformed, 401 not allowed, 413 too large, 415 not JSON, and 503
    for whatever may be better soon, for this is the only one of them that Alertmanager sends again.
    """

    source: ClassVar[Source]
    wanted: ClassVar[str]  # what a body must be, for who sent something else

    def __init__(
        self,
        *,
        gate: Gate,
        bodies: Bodies,
        committer: Committer[Delivery],
        metrics: Metrics,
        now: Clock,
        patience: float = _PATIENCE,
    ) -> None:
        self._gate = gate
        self._bodies = bodies
        self._committer = committer
        self._metrics = metrics
        self._now = now
        self._patience = patience

    def beside(self, kind: "type[Door]") -> "Door":
        """Another door with the same gate, memory and committer: what comes through both shares bounds and commits."""
        return kind(
            gate=self._gate,
            bodies=self._bodies,
            committer=self._committer,
            metrics=self._metrics,
            now=self._now,
            patience=self._patience,
        )

    def check(self, body: bytes) -> object:
        """Raises BadInput when it is not what is wanted."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application of its own: a Route that wraps a function would cost as much as the checks."""
        try:
            number = await self._received(Request(scope, receive))
        except Problem as problem:
            self._metrics.webhook(problem.error)
            raise
        self._metrics.webhook("stored")
        await JSONResponse({"delivery": number})(scope, receive, send)

    async def _received(self, request: Request) -> int:
        is_in = self._gate.admit(request.headers, peer=request.client.host if request.client else None)
        _must_be_json(request)
        with self._bodies.hold() as held:
            body = None
            try:
                async with asyncio.timeout(self._patience):
                    body = await held.read(request)
                    if not is_in:
                        self._gate.verify(request.headers, body)
                    await self._check(body)
                    return await self._stored(body)
            except TimeoutError:
                raise _too_slow(self._patience, is_here=body is not None) from None

    async def _check(self, body: bytes) -> None:
        try:
            if len(body) > _LARGE:
                await run_in_threadpool(self.check, body)
            else:
                self.check(body)
        except BadInput as error:
            raise Problem(400, "malformed", f"this is not {self.wanted}: {error}") from None

    async def _stored(self, body: bytes) -> int:
        delivery = Delivery(source=self.source, received_at=self._now(), body=body)
        try:
            return await self._committer.submit(delivery)
        except Full as full:
            raise Problem.unavailable("overloaded", f"{full}; send it again later") from None
        except Closed:
            raise Problem.unavailable("shutting_down", "this replica is shutting down; send it again later") from None
        except Unavailable as error:
            raise Problem.unavailable("database", f"{error}; nothing was promised, send it again later") from None


def _must_be_json(request: Request) -> None:
    """Also keeps out web pages, which cannot send this type to another site without asking first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "not_json", f"Content-Type is {kind or 'missing'}; send application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "encoded", "Content-Encoding is not supported; send the JSON as it is")


def _too_slow(patience: float, *, is_here: bool) -> Problem:
    if is_here:
        return Problem.unavailable("database", f"the database did not commit within {patience:g} s; send it again")
    return Problem.unavailable("slow_body", f"the body did not arrive within {patience:g} s; send it again")
