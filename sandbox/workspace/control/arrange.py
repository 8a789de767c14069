"""Arranging trouble: faults, rate limits, broken-off sockets, and starting afresh."""

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.workspace.calls import Journal
from sandbox.workspace.control.reading import read
from sandbox.workspace.faults import FaultRequest, Faults
from sandbox.workspace.limits import RateLimits
from sandbox.workspace.socket_mode import SocketTransport
from sandbox.workspace.state import Workspace


class RateLimiting(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    on: bool


class Muting(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    on: bool


class Arrange:
    def __init__(
        self,
        *,
        workspace: Workspace,
        faults: Faults,
        limits: RateLimits,
        journal: Journal,
        sockets: SocketTransport,
    ) -> None:
        self._workspace = workspace
        self._faults = faults
        self._limits = limits
        self._journal = journal
        self._sockets = sockets

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/control/faults", self.show_faults, methods=["GET"]),
            Route("/control/faults", self.inject, methods=["POST"]),
            Route("/control/faults", self.clear_faults, methods=["DELETE"]),
            Route("/control/rate-limits", self.limit, methods=["POST"]),
            Route("/control/socket", self.show_sockets, methods=["GET"]),
            Route("/control/socket/refresh", self.refresh_sockets, methods=["POST"]),
            Route("/control/socket/mute", self.mute_sockets, methods=["POST"]),
            Route("/control/reset", self.reset, methods=["POST"]),
        ]

    async def show_faults(self, _: Request) -> Response:
        at_work = [{"id": f.id, "left": f.left, **f.asked.model_dump()} for f in self._faults.at_work()]
        return JSONResponse({"faults": at_work, "rate_limits": self._limits.enforced})

    async def inject(self, request: Request) -> Response:
        asked = await read(request, FaultRequest)
        if isinstance(asked, Response):
            return asked
        return JSONResponse({"id": self._faults.inject(asked).id}, status_code=201)

    async def clear_faults(self, _: Request) -> Response:
        self._faults.clear()
        return JSONResponse({"ok": True})

    async def limit(self, request: Request) -> Response:
        asked = await read(request, RateLimiting)
        if isinstance(asked, Response):
            return asked
        self._limits.enforced = asked.on
        return JSONResponse({"ok": True})

    async def show_sockets(self, _: Request) -> Response:
        return JSONResponse({"connections": self._sockets.connections})

    async def refresh_sockets(self, _: Request) -> Response:
        closed = self._sockets.connections
        await self._sockets.refresh()
        return JSONResponse({"ok": True, "closed": closed})

    async def mute_sockets(self, request: Request) -> Response:
        """Whether connections that are opened from now on stay silent for good."""
        asked = await read(request, Muting)
        if isinstance(asked, Response):
            return asked
        self._sockets.opens_mute = asked.on
        return JSONResponse({"ok": True})

    async def reset(self, _: Request) -> Response:
        """Back to the first day, without faults, limits or records."""
        self._workspace.reset()
        self._faults.clear()
        self._limits.reset()
        self._sockets.opens_mute = False
        self._journal.clear()
        return JSONResponse({"ok": True})
