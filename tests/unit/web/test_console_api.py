"""The console's API, over HTTP in process: who gets in, what is told, and votes."""

import re
from datetime import timedelta
from typing import Any

import pytest
from starlette.routing import Route

from bot.engine.request import State
from bot.store.database import Database
from bot.web.console.api import Api
from tests.kit.console import TOKEN, Client, access, authorized, ballot, client, desked, lost, proof
from tests.kit.trust import APPROVER, INCIDENT, LEAD, OUTSIDER, REQUESTER, SECOND, Office


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
