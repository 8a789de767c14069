"""The pages of the console, over HTTP in process: who signs in, what is shown, and forms."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import update

from bot.engine.request import State
from bot.store.database import Database
from bot.store.tables import incidents
from tests.kit.console import TOKEN, Client, ballot, client, code, desked, lost, proof, seal, signed_in
from tests.kit.trust import APPROVER, INCIDENT, LEAD, REQUESTER, SECOND, Office


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


def looked_at(office: Office) -> tuple[str, Client, httpx.Response]:
    """A request, and a browser that has its page open."""
    request_id, browser = office.ask(), signed_in(office)
    return request_id, browser, browser.get(f"/requests/{request_id}")


def test_a_vote_on_a_page_counts(office: Office) -> None:
    request_id, browser, page = looked_at(office)
    sent = ballot(office, request_id, APPROVER, seal=seal(page), do="approve")

    told = browser.post(f"/requests/{request_id}", data=sent)
    after = browser.get(told.headers["location"])

    assert told.status_code == 303
    assert "Your approval is on record." in after.text
    assert office.request(request_id).state is State.APPROVED


def test_a_refused_vote_keeps_what_was_typed_but_the_code(office: Office) -> None:
    request_id, browser, page = looked_at(office)
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
    request_id, browser, page = looked_at(office)
    sent = ballot(office, request_id, LEAD, **{"seal": seal(page), "do": "approve", **changes})

    told = browser.post(f"/requests/{request_id}", data=sent, headers=headers)

    assert told.status_code == 403
    assert "not one of ours" in told.text
    assert office.request(request_id).state is State.OPEN


def test_a_form_that_says_neither_denies_nor_approves_nothing(office: Office) -> None:
    request_id, browser, page = looked_at(office)

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
