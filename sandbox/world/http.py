"""Calls and answers as plain values, so that host code below the door is synchronous and knows no framework."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl

from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Obj: TypeAlias = dict[str, JsonValue]


def texts(values: Iterable[str]) -> list[JsonValue]:
    """Strings as a JSON list: to the type checker a list of str is not one."""
    return list(values)


class BadJson(ValueError):
    """The body is not a JSON object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One HTTP request with its body already read."""

    method: str
    path: str
    at: Mapping[str, str]
    query: list[tuple[str, str]]
    headers: Headers
    body: bytes

    def json(self) -> Obj:
        """The body as a JSON object; an empty body is an empty object. Raises BadJson."""
        if not self.body:
            return {}
        try:
            value = json.loads(self.body)
        except ValueError as broken:
            raise BadJson(f"the body is not JSON: {broken}") from broken
        if not isinstance(value, dict):
            raise BadJson("the body must be a JSON object")
        return value

    def form(self) -> list[tuple[str, str]]:
        """The body as form pairs, order kept."""
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    def one(self, name: str) -> str | None:
        """The last query value of that name."""
        return next((value for key, value in reversed(self.query) if key == name), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One HTTP response: a JSON value, or text with its media type."""

    status: int = 200
    json: JsonValue = None
    text: str | None = None
    media: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The same as Starlette wants it."""
        if self.text is not None:
            return Response(self.text, self.status, dict(self.headers), self.media)
        return Response(json.dumps(self.json), self.status, dict(self.headers), "application/json")


Work: TypeAlias = Callable[[Call], Answer]


def route(path: str, work: Work, *, methods: list[str]) -> Route:
    """A route whose work runs in a thread; a body that is not JSON is answered 400."""

    async def endpoint(request: Request) -> Response:
        call = Call(
            method=request.method,
            path=request.scope["path"].removeprefix(request.scope.get("root_path", "")),
            at={name: str(value) for name, value in request.path_params.items()},
            query=list(request.query_params.multi_items()),
            headers=request.headers,
            body=await request.body(),
        )
        try:
            return (await run_in_threadpool(work, call)).response()
        except BadJson as bad:
            return Answer(status=400, json={"error": str(bad)}).response()

    return Route(path, endpoint, methods=methods)
