"""What every page of the console has around it: who gets in, headers, forms that are ours, problems as pages."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.core.errors import Unavailable
from bot.slack.card_views import Stage
from bot.slack.card_words import stage_words
from bot.web.console.access import COOKIE, Access
from bot.web.console.edge import bounded
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


class Frame:
    """Draws pages, and takes forms, for a browser that is signed in."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._templates = Environment(
            loader=PackageLoader("bot.web.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"moment": _moment, "stage": _stage, "who": _who}

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """A page."""
        return HTMLResponse(self._templates.get_template(template).render(**values), status, headers=_HEADERS)

    def see(self, path: str) -> Response:
        """Another page, which may be loaded again without doing again what was done."""
        return RedirectResponse(path, status_code=303, headers=_HEADERS)

    def told(self, page: _Page, *, is_open: bool = False) -> _Page:
        """A page whose problems are pages, too; for who is signed in, unless `is_open`."""

        async def answer(request: Request) -> Response:
            try:
                door = None if is_open else self._door(request)
                return door or await page(request)
            except Problem as problem:
                return self.page("problem.html", problem.status, message=problem.message)
            except Unavailable as error:
                return self.page("problem.html", 503, message=str(error))

        return answer

    async def typed(self, request: Request) -> dict[str, str]:
        """What was typed into a form of ours. Raises Problem (403) for any other."""
        typed = await read(request)
        self._access.check_form(request, typed.get("seal", ""))
        return typed

    def seal(self, request: Request) -> str:
        """What a form of this browser carries."""
        return self._access.form_seal(request.cookies.get(COOKIE, ""))

    def with_cookie(self, request: Request, response: Response) -> Response:
        """The answer that signs a browser in."""
        response.set_cookie(
            COOKIE,
            self._access.cookie(secrets.token_urlsafe(16)),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    def _door(self, request: Request) -> Response | None:
        """What is shown to somebody who is not in; a browser on this machine that needs no token gets its cookie."""
        if self._access.is_signed_in(request):
            return None
        if not self._access.is_open(request):
            return self.page("sign_in.html", 401, wrong=False)
        if request.method != "GET":
            raise Problem(403, "forged", "This form is too old; open the page again.")
        return self.with_cookie(request, self.see(request.url.path))


async def read(request: Request) -> dict[str, str]:
    """A form as it was sent."""
    return dict(parse_qsl((await bounded(request)).decode("utf-8", "replace")))


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "–"  # noqa: RUF001 - a dash that stands for nothing


def _stage(stage: Stage) -> str:
    return str(stage_words(stage))


def _who(person: str, names: Mapping[str, str]) -> str:
    """Somebody by the name that Slack last told, and by the id that a form takes."""
    return f"{names[person]} ({person})" if person in names else person
