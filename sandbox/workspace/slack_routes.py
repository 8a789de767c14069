"""The addresses an app reaches besides the Web API: uploads, downloads, response URLs, Socket Mode."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.workspace.answers import Place, answer, parse_reply
from sandbox.workspace.errors import SlackError
from sandbox.workspace.faults import Faults
from sandbox.workspace.socket_mode import SocketTransport
from sandbox.workspace.state import Workspace
from sandbox.workspace.web_api import WebApi

# Only these are shown in the page; anything else is downloaded, so that an upload can not bring a script.
_SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class SlackRoutes:
    def __init__(self, *, workspace: Workspace, web_api: WebApi, faults: Faults, sockets: SocketTransport) -> None:
        self._workspace = workspace
        self._web_api = web_api
        self._faults = faults
        self._sockets = sockets

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/slack/api/{method}", self._web_api.__call__, methods=["GET", "POST"]),
            Route("/slack/upload/{file_id}", self.upload, methods=["POST", "PUT"]),
            Route("/slack/files/{file_id}/{name}", self.download, methods=["GET"]),
            Route("/slack/response/{token}", self.respond, methods=["POST"]),
            WebSocketRoute("/slack/socket", self.connect),
        ]

    async def upload(self, request: Request) -> Response:
        """The bytes of a file, as they are or as the one file of a form."""
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            async with request.form() as form:
                parts = [part for part in form.values() if not isinstance(part, str)]
                data = await parts[0].read() if parts else b""
        else:
            data = await request.body()
        fault = self._faults.take("upload", None)
        if fault is not None:
            return PlainTextResponse("upload failed", status_code=fault.status)
        try:
            self._workspace.files.receive(request.path_params["file_id"], data)
        except SlackError as error:
            return JSONResponse(error.body(), status_code=400)
        return PlainTextResponse(f"OK - {len(data)}")

    async def download(self, request: Request) -> Response:
        """A file's bytes, for the page. Slack wants a token here; a person's browser has none to give."""
        try:
            file = self._workspace.files.get(request.path_params["file_id"])
        except SlackError:
            return PlainTextResponse("no such file", status_code=404)
        if file.data is None:
            return PlainTextResponse("not uploaded yet", status_code=404)
        headers = {"x-content-type-options": "nosniff", "cache-control": "private, max-age=3600"}
        if file.mimetype not in _SHOWN or "download" in request.query_params:
            headers["content-disposition"] = f"attachment; filename*=utf-8''{quote(file.name)}"
        return Response(file.data, media_type=file.mimetype, headers=headers)

    async def respond(self, request: Request) -> Response:
        """What an app sends to a response URL."""
        try:
            url = self._workspace.tickets.use_response_url(request.path_params["token"])
            answer(self._workspace, Place.of(url), parse_reply(await request.json()))
        except SlackError as error:
            return JSONResponse(error.body(), status_code=error.status if error.status != 200 else 400)
        except ValueError:
            return JSONResponse(SlackError("invalid_payload").body(), status_code=400)
        return PlainTextResponse("ok")

    async def connect(self, socket: WebSocket) -> None:
        await self._sockets.serve(socket, self._workspace.tickets)
