"""The console in this process: its API with the token, its pages with a browser's cookies."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import httpx
import pyotp
from pydantic import SecretStr
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from bot.core.errors import CountersignError, Unavailable, Unknown
from bot.core.ports import HttpCall
from bot.desk.proving import enrol
from bot.engine.one_time import Codes
from bot.store.database import Database
from bot.store.tables import incidents
from bot.web.console.access import Access
from bot.web.console.api import Api
from bot.web.console.pages import Pages
from bot.web.errors import Problem, on_http_exception, on_problem
from tests.kit.alertmanager import FakeSilencer
from tests.kit.trust import Office, runbook

TOKEN = "a console token to test with"


def desked(database: Database, *, silencer: FakeSilencer | None = None, **changes: Any) -> Office:
    made = Office(database=database, runbook=runbook(label="Replay <b>all</b>", **changes), silencer=silencer)
    made.desk = replace(made.desk, codes=Codes(b"a key of thirty-two characters.."))
    made.open_incident()
    return made


class Client:
    """Sends requests to an application in this process, and keeps its cookies."""

    def __init__(self, app: Starlette, *, base_url: str, peer: str) -> None:
        self._app = app
        self._base_url = base_url
        self._peer = peer
        self.headers: dict[str, str] = {}
        self.cookies = httpx.Cookies()

    def get(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._send("GET", path, **more))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._send("POST", path, **more))

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, client=(self._peer, 50000))
        more["headers"] = {**self.headers, **more.get("headers", {})}
        async with httpx.AsyncClient(transport=transport, base_url=self._base_url, cookies=self.cookies) as http:
            answer = await http.request(method, path, **more)
            self.cookies = http.cookies
        return answer


def access(office: Office, *, token: str | None = TOKEN) -> Access:
    return Access(token=SecretStr(token) if token else None, key=b"key", now=office.now)


def client(
    office: Office, *, token: str | None = TOKEN, peer: str = "127.0.0.1", host: str = "localhost:8080"
) -> Client:
    doors = access(office, token=token)
    routes = (*Api(desk=office.desk, access=doors).routes(), *Pages(desk=office.desk, access=doors).routes())
    app = Starlette(routes=routes, exception_handlers={Problem: on_problem, HTTPException: on_http_exception})
    return Client(app, base_url=f"http://{host}", peer=peer)


def authorized(office: Office) -> Client:
    made = client(office)
    made.headers["Authorization"] = f"Bearer {TOKEN}"
    return made


def code(office: Office, who: str) -> str:
    enrolled = enrol(office.desk, person=who, by="root")
    assert isinstance(enrolled, tuple)
    app = pyotp.parse_uri(enrolled[1])
    assert isinstance(app, pyotp.TOTP)
    return app.at(office.at)


def ballot(office: Office, request_id: str, who: str, **changes: Any) -> dict[str, Any]:
    return {"person": who, "code": code(office, who), "digest": office.digest(request_id), "reason": "so", **changes}


def proof(office: Office, who: str, **more: Any) -> dict[str, Any]:
    return {"person": who, "code": code(office, who), **more}


def signed_in(office: Office) -> Client:
    browser = client(office)
    assert browser.post("/sign-in", data={"token": TOKEN}).status_code == 303
    return browser


def seal(page: httpx.Response) -> str:
    found = re.search(r'name="seal" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def lost(call: HttpCall) -> CountersignError | None:
    """The one call has no answer, and nobody can ask what became of it."""
    if call.path.startswith("/replays/"):
        return Unavailable("api", "no answer")
    return Unknown("api", "the connection broke") if call.path == "/replay" else None


def firing_for_alertmanager(database: Database) -> Office:
    made = desked(database, silencer=FakeSilencer())
    with database.begin() as conn:
        labels = {"alertname": "Dead", "system": "ledger"}
        conn.execute(update(incidents).values(labels=labels, group_labels=labels))
    return made


def active(office: Office) -> list[str]:
    """The comments of what Alertmanager keeps quiet about."""
    office.work()
    assert isinstance(office.silencer, FakeSilencer)
    return [each.comment for each in office.silencer.held.values() if not each.is_over]
