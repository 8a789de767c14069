"""Faults that can be switched on per system: at its door (500, 429, hang, lost reply) or inside it."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DoorKind: TypeAlias = Literal["error500", "hang", "lost_reply", "rate_limit"]
InnerKind: TypeAlias = Literal["card_decline", "handler_bug", "pdf_render", "database", "stripe_disconnected"]

LONGEST_HANG = 120.0  # seconds; a forgotten client must not hold a connection for ever


class Fault(BaseModel):
    """One fault. It ends after `count` hits, after `seconds`, or when cleared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Literal["stripe", "mailgun", "accrue", "stripemeter", "adventive", "aivo"]
    kind: DoorKind | InnerKind
    count: int | None = Field(default=None, ge=1, description="how many hits")
    seconds: float | None = Field(default=None, gt=0, description="how long it stays")
    method: str | None = Field(default=None, description="only this HTTP method")
    path: str | None = Field(default=None, description="only paths that contain this text")


class _Armed:
    """A fault with what is left of it."""

    def __init__(self, fault: Fault, now: datetime) -> None:
        self.fault = fault
        self.left = fault.count
        self.until = now + timedelta(seconds=fault.seconds) if fault.seconds else None

    def over(self, now: datetime) -> bool:
        return self.left == 0 or (self.until is not None and now >= self.until)


class Faults:
    """The switchboard: control arms and clears, hosts ask."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._armed: list[_Armed] = []

    def arm(self, fault: Fault) -> None:
        """Switch one fault on."""
        with self._lock:
            self._armed.append(_Armed(fault, self._now()))

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._armed.clear()

    def active(self) -> list[Fault]:
        """The faults still on, with `count` as what is left."""
        with self._lock:
            self._sweep()
            return [armed.fault.model_copy(update={"count": armed.left}) for armed in self._armed]

    def inner(self, target: str, kind: InnerKind) -> bool:
        """Whether an inner fault strikes now; a counted one is used up by asking."""
        with self._lock:
            return self._hit(lambda fault: fault.target == target and fault.kind == kind) is not None

    def door(self, target: str, *, method: str, path: str) -> Fault | None:
        """The door fault that strikes this request.

        Metrics are spared unless a fault names them: a scrape must not use up a count.
        """
        kinds = ("error500", "hang", "lost_reply", "rate_limit")

        def strikes(fault: Fault) -> bool:
            if fault.target != target or fault.kind not in kinds:
                return False
            if fault.method and fault.method.upper() != method:
                return False
            return fault.path in path if fault.path else not path.endswith("/metrics")

        with self._lock:
            return self._hit(strikes)

    def _sweep(self) -> None:
        now = self._now()
        self._armed = [armed for armed in self._armed if not armed.over(now)]

    def _hit(self, strikes: Callable[[Fault], bool]) -> Fault | None:
        self._sweep()
        for armed in self._armed:
            if strikes(armed.fault):
                armed.left = armed.left - 1 if armed.left is not None else None
                return armed.fault
        return None


class FaultDoor:
    """Stands before one system's app and lets faults act on whole requests."""

    def __init__(self, app: ASGIApp, *, target: str, faults: Faults, error_body: Callable[[int], object]) -> None:
        self._app = app
        self._target = target
        self._faults = faults
        self._error_body = error_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or let the armed fault answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fault = self._faults.door(self._target, method=scope["method"], path=scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "error500":
            await self._refuse(send, 500, [])
        elif fault.kind == "rate_limit":
            await self._refuse(send, 429, [(b"retry-after", b"1")])
        elif fault.kind == "hang":
            await _wait_for_client_to_leave(receive)
        else:
            await self._lose_reply(scope, receive)

    async def _refuse(self, send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        body = json.dumps(self._error_body(status)).encode()
        headers = [*headers, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _lose_reply(self, scope: Scope, receive: Receive) -> None:
        """Let the request take effect and keep the answer."""

        async def swallow(message: Message) -> None:
            del message

        await self._app(scope, receive, swallow)
        await _wait_for_client_to_leave(receive)


async def _wait_for_client_to_leave(receive: Receive) -> None:
    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), LONGEST_HANG)
    except TimeoutError:
        return
