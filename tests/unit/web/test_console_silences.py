"""Silences by the console's API and on its pages."""

from datetime import timedelta

import httpx

from bot.store.database import Database
from tests.kit.console import Client, active, authorized, firing_for_alertmanager, proof, seal, signed_in
from tests.kit.trust import APPROVER, INCIDENT, LEAD, OUTSIDER, Office


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
