"""The door of the Web API: token, rate limit, fault, scope, then the method."""

import asyncio
import logging
from secrets import compare_digest

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.workspace.api import METHODS, Method
from sandbox.workspace.api.call import Call, Caller
from sandbox.workspace.arguments import Arguments, parse
from sandbox.workspace.calls import ApiCall, Journal
from sandbox.workspace.config import APP_TOKEN_SCOPES
from sandbox.workspace.errors import SlackError
from sandbox.workspace.faults import FaultRequest, Faults
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.limits import RateLimits, rate_limited
from sandbox.workspace.state import Workspace

log = logging.getLogger(__name__)


class CutResponse(Response):
    """Begins an answer and breaks the connection off, as a network does when it loses one."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"65536")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class WebApi:
    """Answers /slack/api/{method} as Slack does."""

    def __init__(self, *, workspace: Workspace, faults: Faults, limits: RateLimits, journal: Journal) -> None:
        self._workspace = workspace
        self._faults = faults
        self._limits = limits
        self._journal = journal

    async def __call__(self, request: Request) -> Response:
        name = request.path_params["method"]
        try:
            args = parse(
                content_type=request.headers.get("content-type", ""),
                query=request.url.query,
                body=await request.body(),
            )
        except SlackError as error:
            return self._answer(name, Arguments({}), error.body(), status=error.status)
        channel = _channel(args)
        fault = self._faults.take(name, channel)
        if fault is None:
            return self._call(request, name, args)
        return await self._faulty(fault, request, name, args)

    def _call(self, request: Request, name: str, args: Arguments) -> Response:
        caller: Caller | None = None
        try:
            method = _method(name)
            caller = self._caller(request, args, method)
            self._limits.check(
                name, per_minute=method.per_minute, channel=_channel(args), per_channel=method.per_channel
            )
            caller.require(*method.scopes)
            body: JsonObject = {"ok": True}
            body |= method.handler(Call(workspace=self._workspace, args=args, caller=caller))
            status = 200
        except SlackError as error:
            body, status = error.body(), error.status
        return self._answer(name, args, body, status=status, caller=caller)

    async def _faulty(self, fault: FaultRequest, request: Request, name: str, args: Arguments) -> Response:
        match fault.kind:
            case "ratelimited":
                refused = rate_limited(retry_after=fault.retry_after)
                return self._answer(name, args, refused.body(), status=429)
            case "status" | "down":
                status = 503 if fault.kind == "down" else fault.status
                self._record(name, args, outcome=f"http_{status}")
                return PlainTextResponse("Something has gone wrong here.", status_code=status)
            case "error":
                return self._answer(name, args, SlackError(fault.code).body())
            case "hang":
                self._record(name, args, outcome="hang")
                await asyncio.sleep(fault.hold)
                return CutResponse()
            case "lost_reply":
                # What happened is what counts here; only the answer is thrown away.
                self._call(request, name, args)
                await asyncio.sleep(fault.hold)
                return CutResponse()
            case "slow":
                await asyncio.sleep(fault.hold)
                return self._call(request, name, args)

    def _caller(self, request: Request, args: Arguments, method: Method) -> Caller:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        token = bearer or args.text("token") or ""
        if not token:
            raise SlackError("not_authed")
        config = self._workspace.config
        if compare_digest(token.encode(), config.bot_token.encode()):
            caller = Caller(token="bot", scopes=config.scopes)
        elif compare_digest(token.encode(), config.app_token.encode()):
            caller = Caller(token="app", scopes=APP_TOKEN_SCOPES)
        else:
            raise SlackError("invalid_auth")
        if method.token not in {caller.token, "any"}:
            raise SlackError("not_allowed_token_type")
        return caller

    def _answer(
        self, name: str, args: Arguments, body: JsonObject, *, status: int = 200, caller: Caller | None = None
    ) -> Response:
        headers = {} if caller is None else {"x-oauth-scopes": ",".join(sorted(caller.scopes))}
        if status == 429:
            headers["retry-after"] = str(body.pop("retry_after"))
        outcome = "ok" if body["ok"] else body["error"]
        self._record(name, args, outcome=outcome, body=body)
        return JSONResponse(body, status_code=status, headers=headers)

    def _record(self, name: str, args: Arguments, *, outcome: str, body: JsonObject | None = None) -> None:
        ts = (body or {}).get("ts") or args.text("ts")
        call = ApiCall(method=name, channel=_channel(args), ts=ts, outcome=outcome, at=self._workspace.now())
        self._journal.calls.append(call)
        log.debug("slack.call method=%s outcome=%s", name, outcome)
        self._workspace.hub.publish({"kind": "call", "method": name, "outcome": outcome})


def _method(name: str) -> Method:
    if name not in METHODS:
        raise SlackError("unknown_method", extra={"req_method": name})
    return METHODS[name]


def _channel(args: Arguments) -> str | None:
    try:
        return args.text("channel") or args.text("channel_id")
    except SlackError:
        return None
