"""/api/v1: requests to read, and votes of people who prove who they are with a one-time code."""

from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.core.errors import Unavailable
from bot.core.model import Frozen
from bot.desk import Cause, Declined, Desk
from bot.desk.outside import Decision, Door, decide
from bot.engine.approval import Why
from bot.slack.views import Stage
from bot.web.console import openapi, shown
from bot.web.console.access import Access
from bot.web.console.edge import bounded, reading
from bot.web.errors import Problem

_STATUS = {Cause.NOT_FOUND: 404, Why.UNCERTAIN: 503, Why.UNREADABLE: 503}
_FORBIDDEN = frozenset(
    {
        Cause.WRONG_CODE, Cause.CODE_USED, Cause.LOCKED, Cause.NOT_ENROLLED,
        Why.BOT, Why.DELETED, Why.GUEST, Why.STRANGER, Why.NO_EMAIL, Why.REQUESTER, Why.ALIAS, Why.NOT_IN_GROUP,
    }
)  # fmt: skip


class Ballot(Frozen):
    """One person's vote. The code is used up by it, whatever becomes of it."""

    person: str = Field(pattern=r"^[UW][A-Z0-9]{1,30}$", description="Slack user id of who votes")
    code: SecretStr = Field(max_length=10, description="what their authenticator app shows now")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="of the request as it was read: what the vote is for")
    reason: Annotated[str, Field(max_length=1_000)] | None = Field(default=None, description="why, or why not")
    typed: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="the phrase of a severe action, to approve it"
    )
    anyway: bool = Field(default=False, description="true: although the alert has resolved, or is silenced")


class Error(Frozen):
    """What is wrong: a word for programs, a sentence for people."""

    error: str
    message: str


class Api:
    """The JSON endpoints."""

    def __init__(self, *, desk: Desk, access: Access) -> None:
        self._desk = desk
        self._access = access

    def routes(self) -> tuple[BaseRoute, ...]:
        """All of them."""
        return (
            Route("/api/v1/openapi.json", self.document),
            Route("/api/v1/incidents", self.incidents),
            Route("/api/v1/requests", self.requests),
            Route("/api/v1/requests/{request_id}", self.request),
            Route("/api/v1/requests/{request_id}/approve", self.approve, methods=["POST"]),
            Route("/api/v1/requests/{request_id}/deny", self.deny, methods=["POST"]),
        )

    async def document(self, _: Request) -> Response:
        """What this API is, for programs; it says nothing of what is in it."""
        models = (shown.Incidents, shown.Requests, shown.RequestShown, Ballot, Error)
        return JSONResponse(openapi.document(*models))

    async def incidents(self, request: Request) -> Response:
        """The incidents that fire."""
        self._access.admit(request)
        return _answer(await run_in_threadpool(self._incidents))

    async def requests(self, request: Request) -> Response:
        """The latest requests; `?stage=open` those that wait for approval."""
        self._access.admit(request)
        asked = request.query_params.get("stage")
        if asked is not None and asked not in {*Stage}:
            raise Problem(400, "bad_input", f"stage: one of {', '.join(Stage)}")
        return _answer(await run_in_threadpool(self._requests, Stage(asked) if asked else None))

    async def request(self, request: Request) -> Response:
        """One request."""
        self._access.admit(request)
        return _answer(await run_in_threadpool(self._request, request.path_params["request_id"]))

    async def approve(self, request: Request) -> Response:
        """Approve what the digest stands for."""
        return await self._vote(request, is_approval=True)

    async def deny(self, request: Request) -> Response:
        """End the request."""
        return await self._vote(request, is_approval=False)

    async def _vote(self, request: Request, *, is_approval: bool) -> Response:
        self._access.admit(request)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":  # which no page of another site can send without asking first
            raise Problem(415, "bad_input", "send Content-Type: application/json")
        ballot = _ballot(await bounded(request))
        request_id = request.path_params["request_id"]
        decision = Decision(
            person=ballot.person,
            code=ballot.code.get_secret_value(),
            request_id=request_id,
            digest=ballot.digest,
            is_approval=is_approval,
            reason=ballot.reason,
            typed=ballot.typed,
            anyway=ballot.anyway,
        )
        return _answer(await run_in_threadpool(self._decide, decision))

    def _decide(self, decision: Decision) -> shown.RequestShown:
        try:
            told = decide(self._desk, decision, door=Door.API)
        except Unavailable as error:
            raise Problem.unavailable("unavailable", str(error)) from error
        if isinstance(told, Declined):
            raise Problem(status_of(told), told.why, told.say)
        return self._request(decision.request_id)

    def _incidents(self) -> shown.Incidents:
        with reading(self._desk) as conn:
            return shown.Incidents(incidents=shown.open_incidents(conn))

    def _requests(self, stage: Stage | None) -> shown.Requests:
        with reading(self._desk) as conn:
            return shown.Requests(requests=shown.lines(conn, self._desk.contents, stage=stage))

    def _request(self, request_id: str) -> shown.RequestShown:
        with reading(self._desk) as conn:
            found = shown.request(conn, self._desk.contents, request_id)
        if found is None:
            raise Problem(404, "not_found", "there is no such request")
        return found


def status_of(declined: Declined) -> int:
    """The HTTP status of a refusal: 403 for who they are, 409 for how things stand."""
    return _STATUS.get(declined.why, 403 if declined.why in _FORBIDDEN else 409)


def _ballot(body: bytes) -> Ballot:
    try:
        return Ballot.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}"
            for each in error.errors(include_input=False, include_context=False)
        )
        raise Problem(400, "bad_input", wrong) from None  # what was typed holds a code


def _answer(model: Frozen) -> Response:
    return Response(model.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})
