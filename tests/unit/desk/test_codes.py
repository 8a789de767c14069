"""One-time codes: votes keep whether one was given, and what asks for them by its start is not carried without."""

import json
from collections.abc import Callable

import pytest

from bot.desk import Done, break_glass, vote
from bot.engine.request import State
from bot.engine.runbook import Risk
from bot.store import requests
from tests.kit.trust import APPROVER, SECOND, Office, runbook


def proven(office: Office, request_id: str, *people: str, is_proven: bool = True) -> None:
    """These people approve it, with a one-time code or without."""
    for each in people:
        digest = office.digest(request_id)
        told = vote(office.desk, person=each, request_id=request_id, digest=digest, is_proven=is_proven)
        assert isinstance(told, Done), told


def test_a_vote_keeps_and_tells_whether_a_code_was_given(office: Office) -> None:
    office.runbook = runbook(risk="high")
    request_id = office.ask()

    proven(office, request_id, APPROVER, is_proven=False)
    proven(office, request_id, SECOND)

    with office.database.read() as conn:
        assert {each.person: each.is_proven for each in requests.votes_of(conn, request_id)} == {
            APPROVER: False,
            SECOND: True,
        }
    told = {entry.actor: json.loads(entry.data)["one_time_code"] for entry in office.audited("request.voted")}
    assert told == {APPROVER: False, SECOND: True}


def ask_for_codes(office: Office) -> None:
    """The installation asks for them from now on."""
    office.second_factor = Risk.HIGH
    office.__post_init__()


def ask_for_codes_in_the_runbook(office: Office) -> None:
    approve = {"by": ["oncall", "leads"], "expires": "30m", "second_factor": True}
    office.runbook = runbook(risk="high", approve=approve)


@pytest.mark.parametrize("tighten", [ask_for_codes, ask_for_codes_in_the_runbook])
@pytest.mark.parametrize(
    ("with_codes", "starts"),
    [
        pytest.param((APPROVER, SECOND), True, id="all"),
        pytest.param((APPROVER,), False, id="one"),
        pytest.param((), False, id="none"),
    ],
)
def test_votes_without_the_codes_that_are_asked_for_at_the_start_carry_nothing(
    office: Office, tighten: Callable[[Office], None], with_codes: tuple[str, ...], starts: bool
) -> None:
    office.runbook = runbook(risk="high")
    request_id = office.ask()
    proven(office, request_id, *with_codes)
    proven(office, request_id, *({APPROVER, SECOND} - {*with_codes}), is_proven=False)

    tighten(office)
    office.execute(request_id)

    assert bool(office.host.effects) is starts
    if not starts:
        assert office.request(request_id).state is State.REFUSED
        assert "was approved without" in str(office.request(request_id).note)


def test_break_glass_without_the_code_that_is_asked_for_at_the_start_runs_nothing(office: Office) -> None:
    office.runbook = runbook(risk="high", break_glass=True)
    request_id = office.ask()
    digest = office.digest(request_id)
    told = break_glass(office.desk, person=APPROVER, request_id=request_id, digest=digest, reason="nobody is up")
    assert isinstance(told, Done)

    ask_for_codes(office)
    office.execute(request_id)

    assert office.host.effects == []
    assert office.request(request_id).state is State.REFUSED
