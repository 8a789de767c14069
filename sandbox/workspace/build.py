"""Puts one workspace together: state, Web API, callbacks, control API and page."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.workspace.calls import Journal
from sandbox.workspace.config import Config
from sandbox.workspace.control.act import Act
from sandbox.workspace.control.arrange import Arrange
from sandbox.workspace.control.look import Look
from sandbox.workspace.courier import Courier
from sandbox.workspace.delivery import HttpTransport
from sandbox.workspace.faults import Faults
from sandbox.workspace.hub import Hub
from sandbox.workspace.in_channel import InChannel
from sandbox.workspace.in_view import InView
from sandbox.workspace.limits import RateLimits
from sandbox.workspace.slack_routes import SlackRoutes
from sandbox.workspace.socket_mode import SocketTransport
from sandbox.workspace.state import Workspace
from sandbox.workspace.web_api import WebApi

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningParts:
    """A workspace that is ready to be served: its routes, and what must be stopped with it."""

    routes: list[BaseRoute]
    hub: Hub
    courier: Courier
    http: HttpTransport

    async def stop(self) -> None:
        self.hub.close()
        await self.courier.stop()
        await self.http.close()


def build_workspace(*, config: Config, now: Callable[[], float], token: Callable[[], str]) -> RunningParts:
    """Wire everything up; nothing runs yet.

    :param now: seconds since the epoch
    :param token: a new random string of letters and digits each time
    """
    workspace = Workspace(config=config, now=now, token=token)
    faults = Faults(now=now, new_id=workspace.new_id)
    limits = RateLimits(now=now)
    journal = Journal()
    http = HttpTransport(config=config, now=now)
    sockets = SocketTransport(config=config, new_id=workspace.new_id)
    courier = Courier(
        transport=sockets if config.socket_mode else http,
        faults=faults,
        journal=journal,
        now=now,
        new_id=workspace.new_id,
        retry_after=config.event_retry_after,
    )
    slack = SlackRoutes(
        workspace=workspace,
        web_api=WebApi(workspace=workspace, faults=faults, limits=limits, journal=journal),
        faults=faults,
        sockets=sockets,
    )
    control = [
        *Look(workspace=workspace, journal=journal).routes,
        *Act(
            in_channel=InChannel(workspace=workspace, courier=courier),
            in_view=InView(workspace=workspace, courier=courier),
        ).routes,
        *Arrange(workspace=workspace, faults=faults, limits=limits, journal=journal, sockets=sockets).routes,
    ]
    page: list[BaseRoute] = [
        Route("/", _page, methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return RunningParts(routes=[*slack.routes, *control, *page], hub=workspace.hub, courier=courier, http=http)


async def _page(_: Request) -> Response:
    # The page may load nothing from anywhere else, whatever a message says.
    policy = "default-src 'self'; img-src 'self' https: http: data:; frame-ancestors 'none'; base-uri 'none'"
    headers = {"content-security-policy": policy, "x-content-type-options": "nosniff", "cache-control": "no-cache"}
    return FileResponse(STATIC / "index.html", headers=headers)
