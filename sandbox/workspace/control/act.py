"""Being a person: clicks, forms, commands, messages."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.workspace.acting import NotPossibleError, Outcome
from sandbox.workspace.control.reading import read
from sandbox.workspace.in_channel import InChannel
from sandbox.workspace.in_view import InView
from sandbox.workspace.people import BOT_USER_ID

T = TypeVar("T", bound=BaseModel)


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    user: str


class Click(_Act):
    """Exactly one place: a message (channel and ts) or a view (view_id)."""

    action_id: str
    channel: str = ""
    ts: str = ""
    view_id: str | None = None
    block_id: str | None = None
    value: Any = None
    state: dict[str, Any] = {}


class Submit(_Act):
    view_id: str
    values: dict[str, Any] = {}


class Close(_Act):
    view_id: str
    all: bool = False


class Command(_Act):
    channel: str
    command: str
    text: str = ""


class Say(_Act):
    channel: str
    text: str
    thread_ts: str | None = None


class UseShortcut(_Act):
    channel: str
    ts: str
    callback_id: str


class Act:
    def __init__(self, *, in_channel: InChannel, in_view: InView) -> None:
        self._in_channel = in_channel
        self._in_view = in_view

    @property
    def routes(self) -> list[BaseRoute]:
        endpoints = {
            "click": self.click,
            "submit": self.submit,
            "close": self.close,
            "command": self.command,
            "say": self.say,
            "mention": self.mention,
            "home": self.open_home,
            "shortcut": self.use_shortcut,
        }
        return [Route(f"/control/{name}", endpoint, methods=["POST"]) for name, endpoint in endpoints.items()]

    async def click(self, request: Request) -> Response:
        async def act(asked: Click) -> Outcome:
            if asked.view_id is not None:
                return await self._in_view.click(
                    asked.user,
                    view_id=asked.view_id,
                    action_id=asked.action_id,
                    block_id=asked.block_id,
                    given=asked.value,
                    state=asked.state,
                )
            return await self._in_channel.click(
                asked.user,
                channel=asked.channel,
                ts=asked.ts,
                action_id=asked.action_id,
                block_id=asked.block_id,
                given=asked.value,
                state=asked.state,
            )

        return await _acted(request, Click, act)

    async def submit(self, request: Request) -> Response:
        return await _acted(
            request, Submit, lambda ask: self._in_view.submit(ask.user, view_id=ask.view_id, values=ask.values)
        )

    async def close(self, request: Request) -> Response:
        return await _acted(
            request, Close, lambda ask: self._in_view.close(ask.user, view_id=ask.view_id, all_of_them=ask.all)
        )

    async def command(self, request: Request) -> Response:
        return await _acted(
            request,
            Command,
            lambda ask: self._in_channel.command(ask.user, channel=ask.channel, name=ask.command, text=ask.text),
        )

    async def say(self, request: Request) -> Response:
        return await _acted(request, Say, self._say)

    async def mention(self, request: Request) -> Response:
        """Like `say`, with the bot's name put before the text."""
        return await _acted(
            request, Say, lambda ask: self._say(ask.model_copy(update={"text": f"<@{BOT_USER_ID}> {ask.text}"}))
        )

    async def open_home(self, request: Request) -> Response:
        return await _acted(request, _Act, lambda ask: self._in_channel.open_home(ask.user))

    async def use_shortcut(self, request: Request) -> Response:
        return await _acted(
            request,
            UseShortcut,
            lambda ask: self._in_channel.shortcut(
                ask.user, channel=ask.channel, ts=ask.ts, callback_id=ask.callback_id
            ),
        )

    async def _say(self, ask: Say) -> Outcome:
        return await self._in_channel.say(ask.user, channel=ask.channel, text=ask.text, thread_ts=ask.thread_ts)


async def _acted(request: Request, kind: type[T], act: Callable[[T], Awaitable[Outcome]]) -> Response:
    """Do what a person asks. 200 carries the outcome, good or bad; 409 says the page would not have offered it."""
    asked = await read(request, kind)
    if isinstance(asked, Response):
        return asked
    try:
        return JSONResponse(asdict(await act(asked)))
    except NotPossibleError as error:
        return JSONResponse({"ok": False, "error": str(error)}, status_code=409)
