"""The API and the pages of the console, over HTTP in process: who gets in, what is shown, and votes."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from bot.core.errors import CountersignError, Unavailable, Unknown
from bot.core.ports import HttpCall
from bot.desk import stop
from bot.desk.proving import enrol
from bot.engine.one_time import Codes
from bot.engine.request import State
from bot.store.database import Database
from bot.store.tables import incidents
from bot.web.console.access import Access
from bot.web.console.api import Api
from bot.web.console.pages import Pages
from bot.web.errors import Problem, on_http_exception, on_problem
from tests.kit.alertmanager import FakeSilencer
from tests.kit.trust import APPROVER, INCIDENT, LEAD, OUTSIDER, REQUESTER, SECOND, Office, runbook

TOKEN = "a console token to test with"


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    return desked(sqlite_database)


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


@pytest.fixture
def api(office: Office) -> Client:
    return authorized(office)


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


def test_a_request_is_read_with_the_facts_of_its_card(office: Office, api: Client) -> None:
    request_id = office.ask()

    listed = api.get("/api/v1/requests", params={"stage": "open"}).json()["requests"]
    read = api.get(f"/api/v1/requests/{request_id}").json()

    assert [each["id"] for each in listed] == [request_id]
    assert read["stage"] == "open"
    assert read["digest"] == office.digest(request_id)
    assert read["requester"] == REQUESTER
    assert read["touches"]["sums"] == ["12.00 EUR (amount)"]
    assert read["preview"] == "2 of 2 would be replayed."
    assert [call.split(" with ")[0] for call in read["calls"]] == ["POST /replay at api"]
    assert read["needs"] == 1


def test_incidents_that_fire_are_listed(office: Office, api: Client) -> None:
    assert [each["title"] for each in api.get("/api/v1/incidents").json()["incidents"]] == ["Dead events"]


def test_a_vote_by_api_runs_the_action(office: Office, api: Client) -> None:
    request_id = office.ask()

    told = api.post(f"/api/v1/requests/{request_id}/approve", json=ballot(office, request_id, APPROVER))
    office.work()

    assert (told.status_code, told.json()["stage"]) == (200, "approved")
    assert len(office.host.effects) == 1


def proof(office: Office, who: str, **more: Any) -> dict[str, Any]:
    return {"person": who, "code": code(office, who), **more}


def test_an_incident_is_read_with_what_may_be_asked_for(office: Office, api: Client) -> None:
    read = api.get(f"/api/v1/incidents/{INCIDENT}").json()

    (offer,) = read["offers"]
    assert (offer["action"], offer["needs"], offer["wants_reason"]) == ("replay", 1, False)
    assert [(each["name"], each["type"], each["value"]) for each in offer["inputs"]] == [("kind", "string", "invoice")]


def test_an_action_is_asked_for_by_api_and_taken_back(office: Office, api: Client) -> None:
    wish = proof(office, REQUESTER, action="replay", inputs={"kind": "invoice"}, reason="so")

    asked = api.post(f"/api/v1/incidents/{INCIDENT}/requests", json=wish)
    office.work()
    office.approve(asked.json()["id"], APPROVER)
    done = api.get(f"/api/v1/requests/{asked.json()['id']}").json()
    undo = proof(office, REQUESTER, action=done["undo"], undoes=done["id"])
    undone = api.post(f"/api/v1/incidents/{INCIDENT}/requests", json=undo)

    assert (asked.status_code, asked.json()["stage"]) == (201, "preparing")
    assert (undone.status_code, undone.json()["label"]) == (201, "Undo the replay")


def test_a_wish_that_cannot_be_says_why_by_api(office: Office, api: Client) -> None:
    at = f"/api/v1/incidents/{INCIDENT}/requests"

    bad = api.post(at, json=proof(office, REQUESTER, action="replay", inputs={"kind": "NOT THIS"}))
    nothing = api.post("/api/v1/incidents/none/requests", json=proof(office, REQUESTER, action="replay"))

    assert (bad.status_code, bad.json()["error"]) == (400, "bad_input")
    assert nothing.status_code == 404


def test_by_api_one_runs_it_alone_and_another_reviews_that(sqlite_database: Database) -> None:
    office = desked(sqlite_database, break_glass=True)
    api, request_id = authorized(office), office.ask()
    at = f"/api/v1/requests/{request_id}"

    offered = api.get(at).json()["can_break_glass"]
    alone = api.post(f"{at}/break-glass", json=ballot(office, request_id, REQUESTER, reason="the books close"))
    office.work()
    own = api.post(f"{at}/review", json=proof(office, REQUESTER))
    reviewed = api.post(f"{at}/review", json=proof(office, LEAD))

    assert offered
    assert alone.json()["alone"] == REQUESTER
    assert (own.status_code, own.json()["error"]) == (403, "own_break_glass")
    assert reviewed.json()["reviewed_by"] == LEAD
    assert len(office.host.effects) == 1


def lost(call: HttpCall) -> CountersignError | None:
    """The one call has no answer, and nobody can ask what became of it."""
    if call.path.startswith("/replays/"):
        return Unavailable("api", "no answer")
    return Unknown("api", "the connection broke") if call.path == "/replay" else None


def test_what_has_no_answer_is_settled_by_api_once_nothing_else_can_say(office: Office, api: Client) -> None:
    office.host.answers, request_id = lost, office.ask()
    office.approve(request_id, APPROVER)
    at = f"/api/v1/requests/{request_id}"

    soon = api.post(f"{at}/settle", json=proof(office, LEAD, took_effect=True, reason="its log has it"))
    office.at += timedelta(minutes=11)
    offered = api.get(at).json()["can_settle"]
    settled = api.post(f"{at}/settle", json=proof(office, LEAD, took_effect=True, reason="its log has it"))

    assert (soon.status_code, soon.json()["error"]) == (409, "not_unknown")
    assert offered
    assert settled.json()["stage"] == "verifying"


def test_stop_by_api_says_when_there_is_nothing_to_stop(office: Office, api: Client) -> None:
    request_id = office.ask()

    told = api.post(f"/api/v1/requests/{request_id}/stop", json=proof(office, LEAD))

    assert (told.status_code, told.json()["error"]) == (409, "not_running")


@pytest.fixture
def halted(sqlite_database: Database) -> tuple[Office, str]:
    """An execution that was stopped after the first of its two calls."""
    each = {
        "each": True,
        "http": {"at": "api", "post": "/replay", "idempotency": "header", "json": {"ids": ["{{ target }}"]}},
    }
    office = desked(sqlite_database, do=[each], batches={"check": "health.status == 'healthy'"}, risk="low")
    request_id = office.ask()
    office.approve(request_id, APPROVER)
    stop(office.desk, person=APPROVER, request_id=request_id)
    office.work()
    return office, request_id


def test_by_api_somebody_asks_to_go_on_and_another_approves_what_is_left(halted: tuple[Office, str]) -> None:
    office, request_id = halted
    api, at = authorized(office), f"/api/v1/requests/{request_id}"
    offered = api.get(at).json()

    asked = api.post(f"{at}/resume", json=proof(office, LEAD, reason="the queue is empty"))
    own = api.post(f"{at}/approve", json=ballot(office, request_id, LEAD))
    waiting = api.get("/api/v1/requests", params={"stage": "open"}).json()["requests"]
    approved = api.post(f"{at}/approve", json=ballot(office, request_id, SECOND))
    office.pass_time(timedelta(minutes=1))

    assert (offered["stage"], offered["can_resume"]) == ("stopped", True)
    assert (asked.status_code, asked.json()["stage"]) == (200, "open")
    assert asked.json()["touches"]["sample"] == ["ev_2"]
    assert "asked for it: the queue is empty; 1 left; open" in asked.json()["going_on"]
    assert [each["id"] for each in waiting] == [request_id]
    assert (own.status_code, own.json()["error"]) == (403, "resumer")
    assert approved.json()["stage"] == "approved"
    assert [ids for _, ids in office.host.effects] == [("ev_1",), ("ev_2",)]
    assert api.get(at).json()["stage"] == "verified"


def test_a_page_asks_to_go_on_and_takes_the_votes_on_that(halted: tuple[Office, str]) -> None:
    office, request_id = halted
    browser = signed_in(office)
    path = f"/requests/{request_id}"
    page = browser.get(path)

    def do(who: str, what: str, **more: str) -> str:
        typed = {"seal": seal(page), "person": who, "code": code(office, who), "do": what, **more}
        return browser.get(browser.post(path, data=typed).headers["location"]).text

    asked = do(LEAD, "resume", reason="the queue is empty")
    approved = do(SECOND, "approve", digest=office.digest(request_id))
    office.pass_time(timedelta(minutes=1))

    assert "Ask to go on" in page.text
    assert "others have to approve that it goes on" in asked
    assert "the queue is empty" in asked
    assert "Your approval is on record." in approved
    assert len(office.host.effects) == 2


def test_the_bot_is_stopped_and_let_go_on_by_api(office: Office, api: Client) -> None:
    office.handlers = {**office.handlers, "announce_switch": lambda *_: None}
    sent = proof(office, LEAD, name="bot:ledger", reason="a wrong deploy", remind_after="30m")

    engaged = api.post("/api/v1/switches/engage", json=sent).json()
    request_id = office.ask()
    office.approve(request_id, APPROVER)
    office.at += timedelta(minutes=1)
    stranger = api.post("/api/v1/switches/release", json=proof(office, OUTSIDER, name="bot:ledger", reason="so"))
    released = api.post("/api/v1/switches/release", json=proof(office, LEAD, name="bot:ledger", reason="rolled back"))

    assert [(each["name"], each["person"]) for each in engaged["engaged"]] == [("bot:ledger", LEAD)]
    assert engaged["names"] == ["bot"]
    assert office.host.effects == []
    assert stranger.json()["error"] == "not_in_group"
    assert released.json()["engaged"] == []


def test_a_denial_by_api_ends_the_request(office: Office, api: Client) -> None:
    request_id = office.ask()

    told = api.post(f"/api/v1/requests/{request_id}/deny", json=ballot(office, request_id, APPROVER))

    assert told.json()["stage"] == "denied"
    assert office.request(request_id).state is State.DENIED


@pytest.mark.parametrize(
    ("who", "changes", "status", "error"),
    [
        pytest.param(REQUESTER, {}, 403, "requester", id="the requester"),
        pytest.param(APPROVER, {"code": "00000"}, 403, "wrong_code", id="a wrong code"),
        pytest.param(APPROVER, {"digest": "0" * 64}, 409, "digest_differs", id="another digest"),
        pytest.param(APPROVER, {"digest": "short"}, 400, "bad_input", id="no digest"),
        pytest.param(APPROVER, {"person": "me"}, 400, "bad_input", id="no user id"),
        pytest.param(APPROVER, {"more": 1}, 400, "bad_input", id="an unknown field"),
    ],
)
def test_a_vote_that_does_not_count_says_why(
    office: Office, api: Client, who: str, changes: dict[str, Any], status: int, error: str
) -> None:
    request_id = office.ask()
    sent = ballot(office, request_id, who, **changes)

    told = api.post(f"/api/v1/requests/{request_id}/approve", json=sent)

    assert (told.status_code, told.json()["error"]) == (status, error)
    assert sent["code"] not in told.text
    assert office.request(request_id).state is State.OPEN


def test_a_code_is_good_for_one_vote(office: Office, api: Client) -> None:
    request_id = office.ask()
    sent = ballot(office, request_id, APPROVER, digest="0" * 64)

    first = api.post(f"/api/v1/requests/{request_id}/approve", json=sent)
    again = api.post(f"/api/v1/requests/{request_id}/approve", json={**sent, "digest": office.digest(request_id)})

    assert first.json()["error"] == "digest_differs"
    assert again.json()["error"] == "code_used"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="no JSON"),
        pytest.param(b"{}", "text/plain", 415, id="what a page elsewhere can send"),
        pytest.param(b" " * 20_000, "application/json", 413, id="too large"),
    ],
)
def test_a_bad_body_is_told_so(office: Office, api: Client, body: bytes, content_type: str, status: int) -> None:
    request_id = office.ask()

    told = api.post(f"/api/v1/requests/{request_id}/approve", content=body, headers={"Content-Type": content_type})

    assert told.status_code == status
    assert set(told.json()) == {"error", "message"}


def test_what_is_not_there_is_a_404_and_a_wrong_stage_a_400(api: Client) -> None:
    assert api.get("/api/v1/requests/none").status_code == 404
    assert api.get("/api/v1/requests", params={"stage": "none"}).status_code == 400


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"Basic {TOKEN}", "Bearer "])
@pytest.mark.parametrize(
    "path", [f"/api/v1/{each}" for each in ("requests", "incidents", "requests/x", "incidents/x", "switches")]
)
def test_without_the_token_the_api_says_nothing(office: Office, path: str, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}

    told = client(office).get(path, headers=headers)

    assert (told.status_code, told.json()["error"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        pytest.param({}, 200, id="this machine"),
        pytest.param({"peer": "192.0.2.7"}, 401, id="another machine"),
        pytest.param({"host": "rebound.example"}, 401, id="a name that somebody pointed here"),
    ],
)
def test_where_no_token_is_configured_only_this_machine_gets_in(
    office: Office, more: dict[str, str], status: int
) -> None:
    here = client(office, token=None, **more)

    assert here.get("/api/v1/requests").status_code == status
    assert here.get("/").status_code == (303 if status == 200 else 401)


def test_behind_a_proxy_nobody_is_this_machine(office: Office) -> None:
    told = client(office, token=None).get("/api/v1/requests", headers={"X-Forwarded-For": "127.0.0.1"})

    assert told.status_code == 401


def test_the_openapi_document_names_every_path_and_all_it_refers_to(office: Office) -> None:
    document = client(office).get("/api/v1/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    routes = {route.path for route in Api(desk=office.desk, access=access(office)).routes() if isinstance(route, Route)}
    assert {*document["paths"], "/api/v1/openapi.json"} == routes
    referred = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert referred <= set(document["components"]["schemas"])
    assert {"Ballot", "RequestShown", "Error"} <= referred


def signed_in(office: Office) -> Client:
    browser = client(office)
    assert browser.post("/sign-in", data={"token": TOKEN}).status_code == 303
    return browser


def seal(page: httpx.Response) -> str:
    found = re.search(r'name="seal" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def test_a_browser_signs_in_with_the_token(office: Office) -> None:
    browser = client(office)
    assert browser.get("/").status_code == 401
    assert browser.post("/sign-in", data={"token": "wrong"}).status_code == 401

    told = browser.post("/sign-in", data={"token": TOKEN})

    assert "HttpOnly" in told.headers["set-cookie"]
    assert "samesite=strict" in told.headers["set-cookie"].lower()
    assert "Dead events" in browser.get("/").text


def test_a_cookie_is_good_for_half_a_day_and_cannot_be_made_up(office: Office) -> None:
    browser = signed_in(office)
    cookie = browser.cookies["countersign"]
    until = int(cookie.partition(".")[0])

    forged = client(office)
    forged.cookies.set("countersign", cookie.replace(str(until), str(until + 1)))
    assert forged.get("/").status_code == 401

    office.at = datetime.fromtimestamp(until, tz=UTC)
    assert browser.get("/").status_code == 401


def test_a_page_shows_what_the_card_shows_escaped_and_forbids_scripts(office: Office) -> None:
    request_id = office.ask(reason="<script>alert(1)</script>")

    page = signed_in(office).get(f"/requests/{request_id}")

    assert "2 of 2 would be replayed." in page.text
    assert "12.00 EUR (amount)" in page.text
    assert "Replay &lt;b&gt;all&lt;/b&gt;" in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_a_vote_on_a_page_counts(office: Office) -> None:
    request_id = office.ask()
    browser = signed_in(office)
    page = browser.get(f"/requests/{request_id}")
    sent = ballot(office, request_id, APPROVER, seal=seal(page), do="approve")

    told = browser.post(f"/requests/{request_id}", data=sent)
    after = browser.get(told.headers["location"])

    assert told.status_code == 303
    assert "Your approval is on record." in after.text
    assert office.request(request_id).state is State.APPROVED


def test_a_refused_vote_keeps_what_was_typed_but_the_code(office: Office) -> None:
    request_id = office.ask()
    browser = signed_in(office)
    page = browser.get(f"/requests/{request_id}")
    sent = ballot(office, request_id, REQUESTER, seal=seal(page), do="approve", reason="customers wait")

    told = browser.post(f"/requests/{request_id}", data=sent)

    assert told.status_code == 403
    assert "You asked for this" in told.text
    assert f'value="{REQUESTER}"' in told.text
    assert "customers wait</textarea>" in told.text
    assert sent["code"] not in told.text


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        pytest.param({"seal": ""}, {}, id="no seal"),
        pytest.param({"seal": "0" * 64}, {}, id="a made-up seal"),
        pytest.param({}, {"Origin": "http://elsewhere.example"}, id="another site"),
    ],
)
def test_a_form_of_another_site_is_refused(office: Office, changes: dict[str, str], headers: dict[str, str]) -> None:
    request_id = office.ask()
    browser = signed_in(office)
    page = browser.get(f"/requests/{request_id}")
    sent = ballot(office, request_id, LEAD, **{"seal": seal(page), "do": "approve", **changes})

    told = browser.post(f"/requests/{request_id}", data=sent, headers=headers)

    assert told.status_code == 403
    assert "not one of ours" in told.text
    assert office.request(request_id).state is State.OPEN


def test_a_form_that_says_neither_denies_nor_approves_nothing(office: Office) -> None:
    request_id = office.ask()
    browser = signed_in(office)
    page = browser.get(f"/requests/{request_id}")

    told = browser.post(f"/requests/{request_id}", data=ballot(office, request_id, LEAD, seal=seal(page)))

    assert told.status_code == 400
    assert office.request(request_id).state is State.OPEN


def test_a_page_that_is_not_there_is_a_page(office: Office) -> None:
    told = signed_in(office).get("/requests/none")

    assert told.status_code == 404
    assert "There is no such request." in told.text


def test_a_page_offers_what_an_incident_does_and_takes_the_wish(office: Office) -> None:
    browser = signed_in(office)
    page = browser.get(f"/incidents/{INCIDENT}")
    sent = {
        **proof(office, REQUESTER),
        "seal": seal(page),
        "do": "ask",
        "action": "replay",
        "input.kind": "invoice",
        "reason": "customers wait",
    }

    told = browser.post(f"/incidents/{INCIDENT}", data=sent)
    after = browser.get(told.headers["location"])

    assert "Ask for “Replay &lt;b&gt;all&lt;/b&gt;”" in page.text
    assert "It is asked for; its preview is being made." in after.text
    assert len(office.audited("request.asked")) == 1


def test_a_declined_wish_keeps_what_was_typed_but_the_code(office: Office) -> None:
    browser = signed_in(office)
    page = browser.get(f"/incidents/{INCIDENT}")
    sent = {**proof(office, REQUESTER), "seal": seal(page), "do": "ask", "action": "replay", "input.kind": "NOT THIS"}

    told = browser.post(f"/incidents/{INCIDENT}", data=sent)

    assert told.status_code == 400
    assert "does not match" in told.text
    assert 'value="NOT THIS"' in told.text
    assert sent["code"] not in told.text


def test_a_page_settles_reviews_and_undoes_where_that_is_due(sqlite_database: Database) -> None:
    office = desked(sqlite_database, break_glass=True)
    office.host.answers, request_id = lost, office.ask()
    browser, at = signed_in(office), f"/requests/{request_id}"

    def do(who: str, what: str, path: str = at, **more: str) -> str:
        page = browser.get(at)
        office.at += timedelta(minutes=1)
        sent = {**proof(office, who), "seal": seal(page), "do": what, "digest": office.digest(request_id), **more}
        return browser.get(browser.post(path, data=sent).headers["location"]).text

    alone = do(APPROVER, "break_glass", reason="the books close")
    office.work()
    office.at += timedelta(minutes=11)
    settled = do(LEAD, "took_effect", reason="its log has it")
    reviewed = do(LEAD, "review")
    undone = do(REQUESTER, "ask", f"/incidents/{INCIDENT}", action="unplay", undoes=request_id)

    assert "It runs." in alone
    assert "What you said is on record." in settled
    assert f"reviewed by {LEAD}" in reviewed
    assert "It is asked for" in undone


def test_a_page_stops_the_bot_and_lets_it_go_on(office: Office) -> None:
    browser = signed_in(office)

    def do(who: str, what: str, **more: str) -> httpx.Response:
        page = browser.get("/switches")
        office.at += timedelta(minutes=1)
        return browser.post("/switches", data={**proof(office, who), "seal": seal(page), "do": what, **more})

    odd = do(LEAD, "engage", name="bot", reason="a wrong deploy", remind_after="soon")
    do(LEAD, "engage", name="bot", reason="a wrong deploy", remind_after="2h")
    engaged, overview = browser.get("/switches").text, browser.get("/").text
    do(LEAD, "release", name="bot", reason="rolled back")

    assert (odd.status_code, "Remind after:" in odd.text) == (400, True)
    assert "Release bot" in engaged
    assert "a wrong deploy" in engaged
    assert "All actions: stopped since" in overview
    assert "No switch is engaged" in browser.get("/switches").text


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


def test_an_incident_is_silenced_and_heard_again_by_api(sqlite_database: Database) -> None:
    office = firing_for_alertmanager(sqlite_database)
    api, at = authorized(office), f"/api/v1/incidents/{INCIDENT}"

    before = api.get(at).json()
    refused = api.post(f"{at}/silence", json=proof(office, OUTSIDER, length="2h"))
    odd = api.post(f"{at}/silence", json=proof(office, APPROVER, length="for ever"))
    told = api.post(f"{at}/silence", json=proof(office, APPROVER, length="2h", reason="a deploy"))
    during = active(office)
    listed = api.get("/api/v1/silences").json()["silenced"]
    office.at += timedelta(minutes=1)
    lifted = api.post(f"{at}/unsilence", json=proof(office, LEAD))

    assert (before["can_silence"], before["silences"]) == (True, [])
    assert (refused.status_code, odd.status_code) == (403, 400)
    assert (told.status_code, told.json()["silences"][0]["state"], told.json()["can_silence"]) == (200, "wanted", False)
    assert [INCIDENT in comment for comment in during] == [True]
    assert [(each["incident_id"], each["silences"][0]["reason"]) for each in listed] == [(INCIDENT, "a deploy")]
    assert (lifted.status_code, lifted.json()["silences"][0]["state"], active(office)) == (200, "lifting", [])
    assert [entry.actor for entry in office.audited("silence.asked")] == [APPROVER]
    assert [entry.actor for entry in office.audited("silence.lift_asked")] == [LEAD]


def test_a_page_silences_an_incident_and_lifts_that(sqlite_database: Database) -> None:
    office = firing_for_alertmanager(sqlite_database)
    browser, at = signed_in(office), f"/incidents/{INCIDENT}"

    def do(what: str, **more: str) -> httpx.Response:
        page = browser.get(at)
        office.at += timedelta(minutes=1)
        return browser.post(f"{at}/silence", data={**proof(office, LEAD), "seal": seal(page), "do": what, **more})

    odd = do("silence", length="soon", reason="a <b>deploy</b>")
    neither = do("dance")
    do("silence", length="2h", reason="a <b>deploy</b>")
    during, silenced = active(office), browser.get(at).text
    do("unsilence")

    assert (odd.status_code, "For how long:" in odd.text, "&lt;b&gt;deploy" in odd.text) == (400, True, True)
    assert neither.status_code == 400
    assert len(during) == 1
    assert "Silenced until" in silenced
    assert "a &lt;b&gt;deploy&lt;/b&gt;" in silenced
    assert "Silence it for a while" not in silenced
    assert active(office) == []
    assert "Silence it for a while" in browser.get(at).text


def test_where_no_alertmanager_is_known_nothing_offers_to_silence(office: Office, api: Client) -> None:
    told = api.post(f"/api/v1/incidents/{INCIDENT}/silence", json=proof(office, APPROVER, length="2h"))

    assert api.get(f"/api/v1/incidents/{INCIDENT}").json()["can_silence"] is False
    assert "Silence" not in signed_in(office).get(f"/incidents/{INCIDENT}").text
    assert (told.status_code, told.json()["message"]) == (
        409,
        "I know no Alertmanager to silence this in: set ALERTMANAGER_URL.",
    )


@pytest.mark.parametrize("path", [f"/incidents/{INCIDENT}", f"/incidents/{INCIDENT}/silence", "/switches"])
def test_the_other_forms_of_another_site_are_refused_too(office: Office, path: str) -> None:
    sent = {**proof(office, LEAD), "do": "engage", "name": "bot", "action": "replay", "reason": "so"}

    told = signed_in(office).post(path, data={**sent, "seal": "0" * 64})

    assert told.status_code == 403
    assert "not one of ours" in told.text


def test_what_is_private_in_an_alert_is_on_no_page_and_in_no_answer(office: Office, api: Client) -> None:
    secrets = ("jane.doe@example.com", "sk_live_4eC39HqLyjWDarjtT1zdp7dc")
    said = f"mail {secrets[0]} with {secrets[1]}"
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(annotations={"summary": said}, title=said, labels={"email": secrets[0]}))

    shown = [
        signed_in(office).get(f"/incidents/{INCIDENT}").text,
        signed_in(office).get("/").text,
        api.get(f"/api/v1/incidents/{INCIDENT}").text,
        api.get("/api/v1/incidents").text,
    ]

    assert all("mail" in each for each in (shown[0], shown[2]))
    assert [secret for secret in secrets for each in shown if secret in each] == []
