"""Errors at the edge, as JSON: a word for programs, a sentence for people that says what to do."""

import logging
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.core.egress import mask

log = logging.getLogger(__name__)

RETRY_AFTER = "5"  # seconds; Alertmanager has its own backoff, a proxy or a person reads this


class Problem(Exception):
    """A request that is answered with an error: its status, a word, and a sentence."""

    def __init__(self, status: int, error: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message
        self.headers = headers

    @classmethod
    def unavailable(cls, error: str, message: str) -> "Problem":
        """503: Alertmanager sends it again, which it does not after any 4xx."""
        return cls(503, error, message, headers={"Retry-After": RETRY_AFTER})


async def on_problem(_: Request, raised: Exception) -> Response:
    """Answer a Problem."""
    assert isinstance(raised, Problem)
    return _answer(raised.status, raised.error, raised.message, raised.headers)


async def on_http_exception(request: Request, raised: Exception) -> Response:
    """Answer what the routing refuses: unknown paths and methods."""
    assert isinstance(raised, HTTPException)
    error = raised.detail.lower().replace(" ", "_")
    message = f"{request.method} {request.url.path}: {raised.detail}"
    return _answer(raised.status_code, error, message, raised.headers)


async def on_bug(request: Request, raised: Exception) -> Response:
    """Answer what nobody expected, without a word of it; Starlette raises it again for the log."""
    log.error("web.bug", extra={"path": request.url.path, "error": type(raised).__name__})
    return _answer(500, "bug", "something unexpected happened; it is in the bot's log", None)


def _answer(status: int, error: str, message: str, headers: Mapping[str, str] | None) -> Response:
    return JSONResponse({"error": error, "message": mask(message)}, status_code=status, headers=headers)
