"""Where the setting says so, a vote in Slack opens a form for a one-time code, and counts only with the right one."""

from dataclasses import dataclass, field, replace

import pyotp
import pytest

from bot.core.ports import Json
from bot.desk import Declined, vote
from bot.desk.proving import enrol
from bot.engine.approval import Why
from bot.engine.one_time import Codes
from bot.engine.request import State
from bot.engine.runbook import Risk
from bot.slack.blocks.modals import CODE, block_of
from bot.slack.clicks import Clicks
from bot.slack.payload import Click, Submission
from bot.slack.payload import click as clicked
from bot.slack.payload import submission as submitted
from bot.store.database import Database
from bot.store.tables import audit
from tests.kit.trust import APPROVER, Office, runbook


@dataclass
class FakeReply:
    """Keeps the forms that were opened and what was told."""

    forms: list[dict[str, Json]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def tell(self, *, channel: str, user: str, text: str, thread_ts: str | None) -> None:
        self.told.append(text)

    def open_view(self, *, trigger_id: str, view: dict[str, Json]) -> str:
        self.forms.append(view)
        return "V1"

    def update_view(self, view_id: str, *, view: dict[str, Json]) -> None:
        self.forms.append(view)


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    made = Office(database=sqlite_database)
    made.desk = replace(made.desk, codes=Codes(b"a key of thirty-two characters.."), second_factor=Risk.LOW)
    made.open_incident()
    return made


def pressed(office: Office, request_id: str) -> Click:
    action = {
        "action_id": "approve",
        "block_id": office.digest(request_id),
        "value": f"{request_id}:approve",
    }
    body = {
        "user": {"id": APPROVER},
        "channel": {"id": "C0ONCALL"},
        "message": {"ts": "2.0", "thread_ts": "1.0"},
        "trigger_id": "T",
        "actions": [action],
    }
    return clicked(body)


def filled_in(form: dict[str, Json], code: str) -> Submission:
    values = {block_of(CODE): {f"value:{CODE}": {"type": "plain_text_input", "value": code}}}
    view = {"callback_id": "vote", "private_metadata": form["private_metadata"], "state": {"values": values}}
    return submitted({"user": {"id": APPROVER}, "view": view})


def code_of(office: Office) -> str:
    enrolled = enrol(office.desk, person=APPROVER, by="root")
    assert isinstance(enrolled, tuple)
    app = pyotp.parse_uri(enrolled[1])
    assert isinstance(app, pyotp.TOTP)
    return app.at(office.at)


def test_the_click_asks_for_a_code_and_the_right_one_makes_it_count(office: Office) -> None:
    request_id, reply = office.ask(), FakeReply()
    clicks = Clicks(desk=office.desk, reply=reply)
    code = code_of(office)

    clicks.approve(pressed(office, request_id))
    assert office.request(request_id).state is State.OPEN
    form = filled_in(reply.forms[0], code)
    checked = clicks.check_vote(form)
    clicks.submit_vote(form, is_proven=checked.is_proven)

    assert (checked.wrong, checked.is_proven) == ({}, True)
    assert office.request(request_id).state is State.APPROVED
    assert office.audited("person.proved")[0].content["door"] == "slack"
    with office.database.read() as conn:
        assert not any(code in row.data for row in conn.execute(audit.select()))


def test_a_wrong_code_is_said_beside_its_field(office: Office) -> None:
    request_id, reply = office.ask(), FakeReply()
    clicks = Clicks(desk=office.desk, reply=reply)
    code_of(office)
    clicks.approve(pressed(office, request_id))

    checked = clicks.check_vote(filled_in(reply.forms[0], "12345"))

    assert list(checked.wrong) == [block_of(CODE)]
    assert not checked.is_proven


def test_a_code_is_good_for_one_form(office: Office) -> None:
    request_id, reply = office.ask(), FakeReply()
    clicks = Clicks(desk=office.desk, reply=reply)
    code = code_of(office)
    clicks.approve(pressed(office, request_id))
    clicks.check_vote(filled_in(reply.forms[0], code))

    again = clicks.check_vote(filled_in(reply.forms[0], code))

    assert "has been used" in again.wrong[block_of(CODE)]


def test_an_action_asks_for_a_code_by_itself_whatever_the_installation_asks_for(sqlite_database: Database) -> None:
    approve = {"by": ["oncall", "leads"], "expires": "30m", "second_factor": True}
    office, reply = Office(database=sqlite_database, runbook=runbook(approve=approve)), FakeReply()
    office.desk = replace(office.desk, codes=Codes(b"a key of thirty-two characters.."))
    office.open_incident()
    request_id = office.ask()
    clicks = Clicks(desk=office.desk, reply=reply)

    clicks.approve(pressed(office, request_id))
    told = vote(office.desk, person=APPROVER, request_id=request_id, digest=office.digest(request_id))
    checked = clicks.check_vote(filled_in(reply.forms[0], code_of(office)))

    assert isinstance(told, Declined)
    assert told.why is Why.NO_CODE
    assert checked.is_proven


def test_below_the_configured_risk_nothing_is_asked(office: Office) -> None:
    request_id, reply = office.ask(), FakeReply()
    clicks = Clicks(desk=replace(office.desk, second_factor=Risk.HIGH), reply=reply)

    clicks.approve(pressed(office, request_id))

    assert reply.forms == []
    assert office.request(request_id).state is State.APPROVED
