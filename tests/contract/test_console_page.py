"""The console in a real Chromium: a person reads what waits, types a code, and the action runs."""

from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect
from pydantic import SecretStr
from starlette.applications import Starlette

from bot.desk.proving import enrol
from bot.desk.remembering import Remembering
from bot.engine.one_time import Codes
from bot.store.database import Database
from bot.web.console.access import Access
from bot.web.console.pages import Pages
from tests.kit.browser import CHROMIUM, page_of
from tests.kit.trust import APPROVER, Office, runbook
from tests.kit.world import serving

TOKEN = "a console token to test with"


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")
@pytest.mark.parametrize("width", [1280, 390], ids=["desk", "phone"])
def test_somebody_approves_in_a_browser(sqlite_database: Database, tmp_path: Path, width: int) -> None:
    office = Office(database=sqlite_database, runbook=runbook(about="Sends the dead events once more."))
    directory = Remembering(office.directory, database=sqlite_database, now=office.now)
    office.desk = replace(office.desk, codes=Codes(b"a key of thirty-two characters.."), directory=directory)
    office.open_incident()
    request_id = office.ask()
    enrolled = enrol(office.desk, person=APPROVER, by="root")
    assert isinstance(enrolled, tuple)
    app = pyotp.parse_uri(enrolled[1])
    assert isinstance(app, pyotp.TOTP)
    access = Access(token=SecretStr(TOKEN), key=b"", now=office.now)
    pages = Starlette(routes=Pages(desk=office.desk, access=access).routes())

    with serving(pages) as base, page_of(base, width=width, height=900) as page:
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        page.get_by_label("Console token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        page.screenshot(path=tmp_path / f"overview-{width}.png", full_page=True)
        page.get_by_role("link", name="Replay").click()
        expect(page.get_by_text("2 of 2 would be replayed.")).to_be_visible()
        page.screenshot(path=tmp_path / f"request-{width}.png", full_page=True)
        is_wider = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        page.get_by_label("Your Slack user id").fill(APPROVER)
        page.get_by_label("Code").fill(app.at(office.at))
        page.get_by_label("Reason").fill("Slack is down")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("status")).to_have_text("Your approval is on record.")
        page.screenshot(path=tmp_path / f"approved-{width}.png", full_page=True)
    office.work()

    assert not is_wider
    assert problems == []
    assert len(office.host.effects) == 1
    assert office.audited("person.proved")[0].content["door"] == "console"
    assert office.request(request_id).note is None
