"""A real slack_bolt app beside a workspace: over signed HTTP, or over Socket Mode."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.starlette import SlackRequestHandler
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.kit.waiting import eventually
from tests.kit.workspace import RunningWorkspace, running_workspace

Listeners = Callable[[App], None]


@dataclass(frozen=True, slots=True)
class Pair:
    workspace: RunningWorkspace
    app: App


@contextmanager
def over_http(listeners: Listeners, **settings: Any) -> Iterator[Pair]:
    """A workspace and a bolt app that gets its callbacks by signed HTTP; `settings` as of running_workspace."""
    listener = socket.create_server(("127.0.0.1", 0))
    bot = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with running_workspace(bot=bot, **settings) as workspace:
        app = _app(workspace)
        listeners(app)
        handler = SlackRequestHandler(app)

        async def events(request: Request) -> Response:
            return await handler.handle(request)

        server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=[Route("/slack/events", events, methods=["POST"])]), log_level="critical")
        )
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            assert eventually(lambda: server.started)
            yield Pair(workspace, app)
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            listener.close()


@contextmanager
def over_socket(listeners: Listeners, **settings: Any) -> Iterator[Pair]:
    """A workspace and a bolt app connected to it by Socket Mode."""
    with running_workspace(socket_mode=True, **settings) as workspace:
        app = _app(workspace)
        listeners(app)
        web = WebClient(token="xapp-local", base_url=workspace.api)
        handler = SocketModeHandler(app, "xapp-local", web_client=web, logger=_quiet(), ping_interval=0.2)
        handler.connect()  # type: ignore[no-untyped-call]  # bolt has no types here
        try:
            assert eventually(lambda: workspace.control.connections() == 1)
            yield Pair(workspace, app)
        finally:
            handler.close()  # type: ignore[no-untyped-call]


def _app(workspace: RunningWorkspace) -> App:
    return App(
        client=WebClient(token="xoxb-local", base_url=workspace.api),
        signing_secret="local-signing-secret",
        logger=_quiet(),
    )


def _quiet() -> logging.Logger:
    logger = logging.getLogger("tests.bolt")
    logger.setLevel(logging.CRITICAL)
    return logger
