"""/api/v1: incidents, requests and switches to read; what people do with them is in `acts`."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.desk import Desk
from bot.slack.card_views import Stage
from bot.web.console import openapi
from bot.web.console.access import Access
from bot.web.console.acts import Acts
from bot.web.console.edge import answer
from bot.web.console.looks import Looks
from bot.web.errors import Problem


class Api:
    """The JSON endpoints."""

    def __init__(self, *, desk: Desk, access: Access) -> None:
        self._looks = Looks(desk)
        self._access = access
        self._acts = Acts(desk=desk, access=access, looks=self._looks)

    def routes(self) -> tuple[BaseRoute, ...]:
        """All of them."""
        return (
            Route("/api/v1/openapi.json", self.document),
            Route("/api/v1/incidents", self.incidents),
            Route("/api/v1/incidents/{incident_id}", self.incident),
            Route("/api/v1/requests", self.requests),
            Route("/api/v1/requests/{request_id}", self.request),
            Route("/api/v1/silences", self.silences),
            Route("/api/v1/switches", self.switches),
            *self._acts.routes(),
        )

    async def document(self, _: Request) -> Response:
        """What this API is, for programs; it says nothing of what is in it."""
        return JSONResponse(openapi.document())

    async def incidents(self, request: Request) -> Response:
        """The incidents that fire."""
        self._access.admit(request)
        return answer(await run_in_threadpool(self._looks.incidents))

    async def incident(self, request: Request) -> Response:
        """One incident, with the actions that may be asked for."""
        self._access.admit(request)
        return answer(await run_in_threadpool(self._looks.incident, request.path_params["incident_id"]))

    async def requests(self, request: Request) -> Response:
        """The latest requests; `?stage=open` those that wait for approval."""
        self._access.admit(request)
        asked = request.query_params.get("stage")
        if asked is not None and asked not in {*Stage}:
            raise Problem(400, "bad_input", f"stage: one of {', '.join(Stage)}")
        return answer(await run_in_threadpool(self._looks.requests, Stage(asked) if asked else None))

    async def request(self, request: Request) -> Response:
        """One request."""
        self._access.admit(request)
        return answer(await run_in_threadpool(self._looks.request, request.path_params["request_id"]))

    async def silences(self, request: Request) -> Response:
        """What is silenced."""
        self._access.admit(request)
        return answer(await run_in_threadpool(self._looks.silences))

    async def switches(self, request: Request) -> Response:
        """Every switch."""
        self._access.admit(request)
        return answer(await run_in_threadpool(self._looks.switches))
