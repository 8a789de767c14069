"""POST /api/v1/…: what people do, once a code has said who they are."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.core.errors import Unavailable
from bot.desk import Cause, Declined, Desk, Done, outside
from bot.desk.outside import Caller, Door
from bot.engine.approval import Choice, Why
from bot.web.console import bodies
from bot.web.console.access import Access
from bot.web.console.edge import answer, bounded
from bot.web.console.looks import Looks
from bot.web.errors import Problem

_STATUS = {Cause.NOT_FOUND: 404, Cause.BAD_INPUT: 400, Why.UNCERTAIN: 503, Why.UNREADABLE: 503}
_FORBIDDEN = frozenset(
    {
        Cause.WRONG_CODE, Cause.CODE_USED, Cause.LOCKED, Cause.NOT_ENROLLED,
        Why.BOT, Why.DELETED, Why.GUEST, Why.STRANGER, Why.NO_EMAIL, Why.REQUESTER, Why.ALIAS, Why.RESUMER,
        Why.NOT_IN_GROUP,
        Why.OWN_BREAK_GLASS,
    }
)  # fmt: skip
_Body = TypeVar("_Body", bound=bodies.Proof)
_Act = Callable[[Request, Caller, _Body], Done | Declined]


class Acts:
    """The endpoints that change something."""

    def __init__(self, *, desk: Desk, access: Access, looks: Looks) -> None:
        self._desk = desk
        self._access = access
        self._looks = looks

    def routes(self) -> tuple[BaseRoute, ...]:
        """All of them."""
        at = "/api/v1/requests/{request_id}"
        return (
            self._route("/api/v1/incidents/{incident_id}/requests", bodies.Wish, self._ask),
            self._route("/api/v1/incidents/{incident_id}/silence", bodies.Silencing, self._silence),
            self._route("/api/v1/incidents/{incident_id}/unsilence", bodies.Proof, self._unsilence),
            self._route(f"{at}/approve", bodies.Ballot, self._approve),
            self._route(f"{at}/deny", bodies.Ballot, self._deny),
            self._route(f"{at}/break-glass", bodies.Alone, self._break_glass),
            self._route(f"{at}/stop", bodies.Proof, self._stop),
            self._route(f"{at}/resume", bodies.Resuming, self._resume),
            self._route(f"{at}/settle", bodies.Settling, self._settle),
            self._route(f"{at}/review", bodies.Proof, self._review),
            self._route("/api/v1/switches/engage", bodies.Engaging, self._engage),
            self._route("/api/v1/switches/release", bodies.Releasing, self._release),
        )

    def _route(self, path: str, body: type[_Body], act: _Act[_Body]) -> Route:
        async def endpoint(request: Request) -> Response:
            self._access.admit(request)
            content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if content_type != "application/json":  # which no page of another site can send without asking first
                raise Problem(415, "bad_input", "send Content-Type: application/json")
            sent = _read(body, await bounded(request))
            return await run_in_threadpool(self._done, request, sent, act)

        return Route(path, endpoint, methods=["POST"])

    def _done(self, request: Request, sent: _Body, act: _Act[_Body]) -> Response:
        caller = Caller(person=sent.person, code=sent.code.get_secret_value(), door=Door.API)
        try:
            told = act(request, caller, sent)
        except Unavailable as error:
            raise Problem.unavailable("unavailable", str(error)) from error
        if isinstance(told, Declined):
            raise Problem(status_of(told), told.why, told.say)
        if isinstance(sent, bodies.Engaging | bodies.Releasing):
            return answer(self._looks.switches())
        if request.url.path.endswith(("/silence", "/unsilence")):
            return answer(self._looks.incident(request.path_params["incident_id"]))
        return answer(self._looks.request(told.id), status=201 if isinstance(sent, bodies.Wish) else 200)

    def _ask(self, request: Request, caller: Caller, sent: bodies.Wish) -> Done | Declined:
        return outside.ask(
            self._desk,
            caller,
            incident_id=request.path_params["incident_id"],
            action=sent.action,
            inputs=dict(sent.inputs),
            reason=sent.reason,
            original_id=sent.undoes,
        )

    def _approve(self, request: Request, caller: Caller, sent: bodies.Ballot) -> Done | Declined:
        return self._vote(request, caller, sent, Choice.ANYWAY if sent.anyway else Choice.APPROVE)

    def _deny(self, request: Request, caller: Caller, sent: bodies.Ballot) -> Done | Declined:
        return self._vote(request, caller, sent, Choice.DENY)

    def _break_glass(self, request: Request, caller: Caller, sent: bodies.Alone) -> Done | Declined:
        return self._vote(request, caller, sent, Choice.BREAK_GLASS)

    def _vote(
        self, request: Request, caller: Caller, sent: bodies.Ballot | bodies.Alone, choice: Choice
    ) -> Done | Declined:
        return outside.decide(
            self._desk,
            caller,
            request_id=request.path_params["request_id"],
            digest=sent.digest,
            choice=choice,
            reason=sent.reason,
            typed=sent.typed,
        )

    def _stop(self, request: Request, caller: Caller, _: bodies.Proof) -> Done | Declined:
        return outside.stop(self._desk, caller, request_id=request.path_params["request_id"])

    def _resume(self, request: Request, caller: Caller, sent: bodies.Resuming) -> Done | Declined:
        request_id = request.path_params["request_id"]
        return outside.resume(self._desk, caller, request_id=request_id, reason=sent.reason)

    def _settle(self, request: Request, caller: Caller, sent: bodies.Settling) -> Done | Declined:
        return outside.settle(
            self._desk,
            caller,
            request_id=request.path_params["request_id"],
            took_effect=sent.took_effect,
            reason=sent.reason,
        )

    def _review(self, request: Request, caller: Caller, _: bodies.Proof) -> Done | Declined:
        return outside.review(self._desk, caller, request_id=request.path_params["request_id"])

    def _silence(self, request: Request, caller: Caller, sent: bodies.Silencing) -> Done | Declined:
        incident_id = request.path_params["incident_id"]
        return outside.silence(self._desk, caller, incident_id=incident_id, length=sent.length, reason=sent.reason)

    def _unsilence(self, request: Request, caller: Caller, _: bodies.Proof) -> Done | Declined:
        return outside.unsilence(self._desk, caller, incident_id=request.path_params["incident_id"])

    def _engage(self, _: Request, caller: Caller, sent: bodies.Engaging) -> Done | Declined:
        return outside.engage(self._desk, caller, name=sent.name, reason=sent.reason, ttl=sent.remind_after)

    def _release(self, _: Request, caller: Caller, sent: bodies.Releasing) -> Done | Declined:
        return outside.release(self._desk, caller, name=sent.name, reason=sent.reason)


def status_of(declined: Declined) -> int:
    """The HTTP status of a refusal: 403 for who they are, 409 for how things stand."""
    return _STATUS.get(declined.why, 403 if declined.why in _FORBIDDEN else 409)


def _read(body: type[_Body], sent: bytes) -> _Body:
    try:
        return body.model_validate_json(sent)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}"
            for each in error.errors(include_input=False, include_context=False)
        )
        raise Problem(400, "bad_input", wrong) from None  # what was typed holds a code
