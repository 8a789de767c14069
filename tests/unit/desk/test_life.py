"""A request from the first click to the check of its effect, on a clock that the test moves."""

from datetime import timedelta

import pytest

from bot.engine import execution
from bot.engine.request import State
from bot.store.database import Database
from tests.kit.trust import APPROVER, Office


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    made = Office(database=sqlite_database)
    made.open_incident()
    return made


def test_an_approved_request_is_carried_out_once_and_verified(office: Office) -> None:
    request_id = office.ask()

    office.approve(request_id, APPROVER)
    office.pass_time(timedelta(seconds=10))

    carried_out = office.execution(request_id)
    assert carried_out is not None
    assert carried_out.state is execution.State.VERIFIED
    assert [ids for _, ids in office.host.effects] == [("ev_1", "ev_2")]
    assert office.request(request_id).state is State.APPROVED
    assert office.kinds() == [
        "request.asked",
        "request.opened",
        "request.voted",
        "request.approved",
        "execution.started",
        "deed.started",
        "deed.succeeded",
        "execution.succeeded",
        "execution.verified",
    ]
