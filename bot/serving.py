"""Serves a running bot over HTTP until the process is told to end."""

import gc
import logging
import os
import signal
from types import FrameType

import uvicorn

from bot import logs
from bot.adapters import charts
from bot.app import running
from bot.core.errors import SettingsError
from bot.core.evidence import Shown
from bot.settings import Settings

log = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Run until the process is told to end."""
    logs.set_up(levels=settings.log_levels)
    with running(settings, os.environ) as bot:
        server = uvicorn.Server(
            uvicorn.Config(
                bot.web,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                lifespan="off",
                # Longer than proxies keep idle connections (often 60 s), or one would send on what we just closed.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=10,
                server_header=False,
            )
        )

        def on_hangup(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
            bot.reload()

        def on_end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
            server.should_exit = True

        signal.signal(signal.SIGHUP, on_hangup)
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn raises the signal again once it has ended: the default would end us before anything is drained.
            signal.signal(number, on_end)
        log.info("serve.listening", extra={"address": settings.listen, "replica": settings.replica})
        charts.png((), title="", shown=Shown.NUMBER)  # the first is slow; it must not come while an incident waits
        gc.collect()
        gc.freeze()  # what was built lives as long as the process: looking through it again only makes requests wait
        server.run()
        if not server.started:
            raise SettingsError(f"COUNTERSIGN_LISTEN: cannot listen on {settings.listen}")
