"""The console: what is open, one request as its card says it, and a vote; plain forms, no script."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.core.errors import Unavailable
from bot.desk import Declined, Desk
from bot.desk.outside import Decision, Door, decide
from bot.slack.card_words import stage_words
from bot.slack.views import Stage
from bot.store import known
from bot.web.console import shown
from bot.web.console.access import COOKIE, Access
from bot.web.console.api import status_of
from bot.web.console.edge import bounded, reading
from bot.web.errors import Problem

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_Page = Callable[[Request], Awaitable[Response]]
_DONE = {"approved": "Your approval is on record.", "denied": "The request is denied."}


class Pages:
    """The pages of the console."""

    def __init__(self, *, desk: Desk, access: Access) -> None:
        self._desk = desk
        self._access = access
        self._templates = Environment(
            loader=PackageLoader("bot.web.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"moment": _moment, "stage": _stage, "who": _who}

    def routes(self) -> tuple[BaseRoute, ...]:
        """All of them."""
        return (
            Route("/", self._told(self.overview)),
            Route("/sign-in", self._told(self.sign_in), methods=["POST"]),
            Route("/requests/{request_id}", self._told(self.request)),
            Route("/requests/{request_id}", self._told(self.vote), methods=["POST"]),
        )

    async def overview(self, request: Request) -> Response:
        """What is open, and what happened lately."""
        if (door := self._door(request)) is not None:
            return door
        return await run_in_threadpool(self._overview)

    async def sign_in(self, request: Request) -> Response:
        """Take the console's token, give a cookie."""
        typed = dict(parse_qsl((await bounded(request)).decode("utf-8", "replace")))
        if not self._access.is_token(typed.get("token", "")):
            return self._page("sign_in.html", 401, wrong=True)
        return self._with_cookie(request, RedirectResponse("/", status_code=303, headers=_HEADERS))

    async def request(self, request: Request) -> Response:
        """One request, and the forms while it waits for approval."""
        if (door := self._door(request)) is not None:
            return door
        done = _DONE.get(request.query_params.get("done", ""))
        return await run_in_threadpool(self._request, request, done=done)

    async def vote(self, request: Request) -> Response:
        """Approve or deny; what was typed but the code is kept in the form when it is declined."""
        if (door := self._door(request)) is not None:
            return door
        typed = dict(parse_qsl((await bounded(request)).decode("utf-8", "replace")))
        self._access.check_form(request, typed.get("seal", ""))
        if typed.get("do") not in {"approve", "deny"}:
            raise Problem(400, "bad_input", "Say whether you approve or deny.")
        return await run_in_threadpool(self._vote, request, typed)

    def _vote(self, request: Request, typed: dict[str, str]) -> Response:
        request_id = request.path_params["request_id"]
        decision = Decision(
            person=typed.get("person", "").strip().upper()[:32],
            code=typed.get("code", "")[:10],
            request_id=request_id,
            digest=typed.get("digest", "")[:64],
            is_approval=typed.get("do") == "approve",
            reason=typed.get("reason") or None,
            typed=typed.get("phrase") or None,
            anyway=typed.get("anyway") == "yes",
        )
        told = decide(self._desk, decision, door=Door.CONSOLE)
        if isinstance(told, Declined):
            return self._request(request, told=told, typed=typed)
        done = "approved" if decision.is_approval else "denied"
        return RedirectResponse(f"/requests/{request_id}?done={done}", status_code=303, headers=_HEADERS)

    def _overview(self) -> Response:
        with reading(self._desk) as conn:
            incidents = shown.open_incidents(conn)
            lines = shown.lines(conn, self._desk.contents)
            names = known.names(conn)
        waiting = [each for each in lines if each.stage is Stage.OPEN]
        others = [each for each in lines if each.stage is not Stage.OPEN][:20]
        return self._page("overview.html", 200, incidents=incidents, waiting=waiting, others=others, names=names)

    def _request(
        self,
        request: Request,
        *,
        done: str | None = None,
        told: Declined | None = None,
        typed: dict[str, str] | None = None,
    ) -> Response:
        with reading(self._desk) as conn:
            found = shown.request(conn, self._desk.contents, request.path_params["request_id"])
            names = known.names(conn)
        if found is None:
            raise Problem(404, "not_found", "There is no such request.")
        return self._page(
            "request.html",
            status_of(told) if told else 200,
            request=found,
            names=names,
            is_open=found.stage is Stage.OPEN,
            seal=self._access.form_seal(request.cookies.get(COOKIE, "")),
            done=done,
            declined=told.say if told else None,
            typed=typed or {},
        )

    def _door(self, request: Request) -> Response | None:
        """What is shown to somebody who is not in; a browser on this machine that needs no token gets its cookie."""
        if self._access.is_signed_in(request):
            return None
        if not self._access.is_open(request):
            return self._page("sign_in.html", 401, wrong=False)
        if request.method != "GET":
            raise Problem(403, "forged", "This form is too old; open the page again.")
        again = RedirectResponse(request.url.path, status_code=303, headers=_HEADERS)
        return self._with_cookie(request, again)

    def _with_cookie(self, request: Request, response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            self._access.cookie(secrets.token_urlsafe(16)),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    def _told(self, page: _Page) -> _Page:
        """A page whose problems are pages, too."""

        async def answer(request: Request) -> Response:
            try:
                return await page(request)
            except Problem as problem:
                return self._page("problem.html", problem.status, message=problem.message)
            except Unavailable as error:
                return self._page("problem.html", 503, message=str(error))

        return answer

    def _page(self, template: str, status: int, **values: object) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(**values), status, headers=_HEADERS)


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "–"  # noqa: RUF001 - a dash that stands for nothing


def _stage(stage: Stage) -> str:
    return str(stage_words(stage))


def _who(person: str, names: Mapping[str, str]) -> str:
    """Somebody by the name that Slack last told, and by the id that a form takes."""
    return f"{names[person]} ({person})" if person in names else person
