"""The web console: plain pages without scripts, for reading, asking, voting and stopping when Slack is down."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.desk import Declined, Desk, Done
from bot.slack.card_views import Stage
from bot.store import known
from bot.web.console import forms, shown
from bot.web.console.access import Access
from bot.web.console.acts import status_of
from bot.web.console.edge import reading
from bot.web.console.forms import Typed
from bot.web.console.frame import Frame, read
from bot.web.console.looks import Looks

_DONE = {
    "approve": "Your approval is on record.",
    "deny": "The request is denied.",
    "break_glass": "It runs. The channel is told, and somebody else reviews it.",
    "stop": "No further call of it begins.",
    "resume": "It is asked for; others have to approve that it goes on.",
    "took_effect": "What you said is on record.",
    "no_effect": "What you said is on record.",
    "review": "Your review is on record.",
    "ask": "It is asked for; its preview is being made.",
    "silence": "It is being silenced: Alertmanager is told at once.",
    "unsilence": "The silence is being lifted: Alertmanager is told at once.",
    "engage": "It is engaged: from now on nothing begins that it stops.",
    "release": "It is released.",
}


class Pages:
    """The pages of the console."""

    def __init__(self, *, desk: Desk, access: Access) -> None:
        self._desk = desk
        self._access = access
        self._frame = Frame(access)
        self._looks = Looks(desk)

    def routes(self) -> tuple[BaseRoute, ...]:
        """All of them."""
        told = self._frame.told
        return (
            Route("/", told(self.overview)),
            Route("/sign-in", told(self.sign_in, is_open=True), methods=["POST"]),
            Route("/incidents/{incident_id}", told(self.incident)),
            Route("/incidents/{incident_id}", told(self.ask), methods=["POST"]),
            Route("/incidents/{incident_id}/silence", told(self.silence), methods=["POST"]),
            Route("/requests/{request_id}", told(self.request)),
            Route("/requests/{request_id}", told(self.act), methods=["POST"]),
            Route("/switches", told(self.switches)),
            Route("/switches", told(self.switch), methods=["POST"]),
        )

    async def overview(self, _: Request) -> Response:
        """What is open, and what happened lately."""
        return await run_in_threadpool(self._overview)

    async def sign_in(self, request: Request) -> Response:
        """Take the console's token, give a cookie."""
        typed = await read(request)
        if not self._access.is_token(typed.get("token", "")):
            return self._frame.page("sign_in.html", 401, wrong=True)
        return self._frame.with_cookie(request, self._frame.see("/"))

    async def incident(self, request: Request) -> Response:
        """One incident, and a form for each action that it offers."""
        return await run_in_threadpool(self._incident, request)

    async def ask(self, request: Request) -> Response:
        """Ask for an action; what was typed but the code is kept in the form when it is declined."""
        typed, incident_id = await self._frame.typed(request), request.path_params["incident_id"]
        told = await run_in_threadpool(forms.on_incident, self._desk, incident_id, typed)
        if isinstance(told, Done):
            return self._frame.see(f"/requests/{told.id}?done=ask")
        if typed.get("undoes"):  # its form is on the page of what it undoes
            return await run_in_threadpool(self._request, request, told=told, typed=typed)
        return await run_in_threadpool(self._incident, request, told=told, typed=typed)

    async def silence(self, request: Request) -> Response:
        """Silence its alerts for a while, or lift that."""
        incident_id = request.path_params["incident_id"]
        return await self._do(
            request,
            act=lambda typed: forms.on_silence(self._desk, incident_id, typed),
            then=f"/incidents/{incident_id}",
            again=self._incident,
        )

    async def request(self, request: Request) -> Response:
        """One request, and the forms for what may be done about it now."""
        return await run_in_threadpool(self._request, request)

    async def act(self, request: Request) -> Response:
        """Vote, stop, go on, settle, review or run it alone."""
        request_id = request.path_params["request_id"]
        return await self._do(
            request,
            act=lambda typed: forms.on_request(self._desk, request_id, typed),
            then=f"/requests/{request_id}",
            again=self._request,
        )

    async def switches(self, request: Request) -> Response:
        """What is stopped, and what can be."""
        return await run_in_threadpool(self._switches, request)

    async def switch(self, request: Request) -> Response:
        """Engage or release one of the bot's own."""
        return await self._do(
            request, act=lambda typed: forms.on_switches(self._desk, typed), then="/switches", again=self._switches
        )

    async def _do(
        self,
        request: Request,
        *,
        act: Callable[[Typed], Done | Declined],
        then: str,
        again: Callable[..., Response],
    ) -> Response:
        typed = await self._frame.typed(request)
        told = await run_in_threadpool(act, typed)
        if isinstance(told, Declined):
            return await run_in_threadpool(again, request, told=told, typed=typed)
        return self._frame.see(f"{then}?done={typed['do']}")

    def _overview(self) -> Response:
        with reading(self._desk) as conn:
            incidents = shown.open_incidents(conn)
            lines = shown.lines(conn, self._desk.contents)
            names = known.names(conn)
        waiting = [each for each in lines if each.stage is Stage.OPEN]
        others = [each for each in lines if each.stage is not Stage.OPEN][:20]
        engaged = self._looks.switches().engaged
        return self._frame.page(
            "overview.html", incidents=incidents, waiting=waiting, others=others, names=names, engaged=engaged
        )

    def _incident(self, request: Request, *, told: Declined | None = None, typed: Typed | None = None) -> Response:
        found = self._looks.incident(request.path_params["incident_id"])
        return self._form("incident.html", request, told=told, typed=typed, incident=found)

    def _request(self, request: Request, *, told: Declined | None = None, typed: Typed | None = None) -> Response:
        found = self._looks.request((typed or {}).get("undoes") or request.path_params["request_id"])
        is_open = found.stage is Stage.OPEN
        undo = self._looks.undo(found)
        return self._form("request.html", request, told=told, typed=typed, request=found, is_open=is_open, undo=undo)

    def _switches(self, request: Request, *, told: Declined | None = None, typed: Typed | None = None) -> Response:
        return self._form("switches.html", request, told=told, typed=typed, switches=self._looks.switches())

    def _form(
        self, template: str, asked: Request, *, told: Declined | None, typed: Typed | None, **values: object
    ) -> Response:
        with reading(self._desk) as conn:
            names = known.names(conn)
        return self._frame.page(
            template,
            status_of(told) if told else 200,
            names=names,
            seal=self._frame.seal(asked),
            done=_DONE.get(asked.query_params.get("done", "")),
            declined=told.say if told else None,
            typed=typed or {},
            **values,
        )
