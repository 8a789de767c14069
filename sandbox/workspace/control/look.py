"""Looking at the workspace: people, channels, messages, modals, records, and a stream of changes."""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.workspace import shown
from sandbox.workspace.calls import Journal
from sandbox.workspace.state import Workspace

HEARTBEAT = 15.0  # seconds of silence after which a stream shows that it is alive


class Look:
    def __init__(self, *, workspace: Workspace, journal: Journal) -> None:
        self._workspace = workspace
        self._journal = journal

    @property
    def routes(self) -> list[BaseRoute]:
        endpoints = {
            "workspace": self.show_workspace,
            "channels": self.show_channels,
            "messages": self.show_messages,
            "views": self.show_views,
            "calls": self.show_calls,
            "deliveries": self.show_deliveries,
            "stream": self.stream,
        }
        return [Route(f"/control/{name}", endpoint, methods=["GET"]) for name, endpoint in endpoints.items()]

    async def show_workspace(self, _: Request) -> Response:
        return JSONResponse(shown.workspace(self._workspace))

    async def show_channels(self, request: Request) -> Response:
        user = request.query_params.get("user")
        channels = self._workspace.channels.values()
        return JSONResponse([shown.channel(each) for each in channels if user is None or user in each.members])

    async def show_messages(self, request: Request) -> Response:
        channel, user = request.query_params.get("channel", ""), request.query_params.get("user")
        return JSONResponse(shown.messages(self._workspace, channel, user=user))

    async def show_views(self, request: Request) -> Response:
        return JSONResponse(shown.views(self._workspace, request.query_params.get("user", "")))

    async def show_calls(self, request: Request) -> Response:
        return JSONResponse(self._journal.as_json(method=request.query_params.get("method")))

    async def show_deliveries(self, _: Request) -> Response:
        return JSONResponse(self._journal.deliveries_as_json())

    async def stream(self, _: Request) -> Response:
        """Server-sent events: one JSON object for each change, so that a page knows what to ask for again."""

        async def lines() -> AsyncIterator[str]:
            yield "retry: 1000\n\n"
            async for change in self._workspace.hub.listen(idle=HEARTBEAT):
                yield ": still here\n\n" if change is None else f"data: {json.dumps(change)}\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream", headers={"cache-control": "no-store"})
