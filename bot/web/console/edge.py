"""What API and console share at the edge: a bounded body, a read transaction whose trouble is a 503, and answers."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from bot.core.errors import Unavailable
from bot.core.model import Frozen
from bot.desk import Desk
from bot.web.errors import Problem

LIMIT = 16 * 1024
"""Bytes of a vote."""


async def bounded(request: Request) -> bytes:
    """The body. Raises Problem (413)."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LIMIT:
            raise Problem(413, "too_large", f"the body is larger than {LIMIT} bytes")
    return bytes(body)


@contextmanager
def reading(desk: Desk) -> Iterator[Connection]:
    """A read transaction. Raises Problem (503) when the database does not answer."""
    try:
        with desk.database.read() as conn:
            yield conn
    except Unavailable as error:
        raise Problem.unavailable("unavailable", str(error)) from error


def answer(model: Frozen, *, status: int = 200) -> Response:
    """As JSON, kept by nobody."""
    return Response(
        model.model_dump_json(), status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )
