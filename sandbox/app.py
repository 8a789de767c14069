"""The local world as one web application: the workspace, and the simulated systems around it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from socket import socket
from typing import Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute

from sandbox.workspace.build import build_workspace
from sandbox.workspace.config import Config
from sandbox.workspace.hub import Hub


class World(Protocol):
    """The simulated systems: their routes, and their start and stop, which may block."""

    routes: list[BaseRoute]

    def start(self) -> None: ...

    def stop(self) -> None: ...


class LocalServer(uvicorn.Server):
    """uvicorn that ends the pages' event streams before it waits for open connections."""

    def __init__(self, app: Starlette, *, hub: Hub, host: str = "127.0.0.1", port: int = 0, patience: int = 5) -> None:
        """:param patience: seconds that requests under way have, once the server is told to end"""
        # Clients keep idle connections for five seconds or more; one closed just then breaks what they send on it.
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_level="warning",
                timeout_keep_alive=75,
                timeout_graceful_shutdown=patience,
            )
        )
        self._hub = hub

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)


def build_app(
    *, config: Config, world: World | None, now: Callable[[], float], token: Callable[[], str]
) -> tuple[Starlette, Hub]:
    """The application and the hub of its streams; `world=None` serves the workspace alone."""
    workspace = build_workspace(config=config, now=now, token=token)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if world is not None:
            await run_in_threadpool(world.start)
        try:
            yield
        finally:
            await workspace.stop()
            if world is not None:
                await run_in_threadpool(world.stop)

    routes = [*workspace.routes, *(world.routes if world is not None else [])]
    return Starlette(routes=routes, lifespan=lifespan), workspace.hub
