"""An incident that no alert opened: by hand, by the clock, and closed by somebody."""

from datetime import timedelta

import pytest

from bot.desk import Cause, Declined, Done, close, run
from bot.desk.opening import open_incident
from bot.engine.approval import Why
from bot.engine.incident import Incident, State
from bot.engine.opening import Opening
from bot.engine.origin import Origin
from bot.engine.runbook import Runbook
from bot.store import diagnoses, incidents
from tests.kit.trust import GUEST, INCIDENT, REQUESTER, REVISION, Office, runbook


def with_params() -> Runbook:
    return Runbook.model_validate(
        {
            **runbook().model_dump(by_alias=True, exclude_none=True),
            "params": {
                "tenant": {"from": "labels.tenant", "pattern": "[a-z]{1,8}", "about": "the tenant's name"},
                "most": {"default": "'5'"},
            },
        }
    )


def opened(office: Office, **more: object) -> Done | Declined:
    given = {"person": REQUESTER, "runbook": "ledger/dead", "params": {}}
    return run(office.desk, **{**given, **more})  # type: ignore[arg-type]  # a table of arguments


def incident_of(office: Office, told: Done | Declined) -> Incident:
    assert isinstance(told, Done)
    with office.database.read() as conn:
        found = incidents.get(conn, told.id)
    assert found is not None
    return found


def test_a_runbook_run_by_hand_is_an_incident_that_is_diagnosed_with_what_was_given(office: Office) -> None:
    office.runbook = with_params()

    told = opened(office, params={"tenant": "acme"})

    found = incident_of(office, told)
    assert (found.origin, found.opened_by, found.state) == (Origin.BY_HAND, REQUESTER, State.FIRING)
    assert (found.runbook, found.event, found.channel) == ("ledger/dead", "ledger.ops.dead", "#billing")
    with office.database.read() as conn:
        assert diagnoses.subject(conn, found.id).given == {"tenant": "acme"}
        assert diagnoses.get(conn, found.id, 1) is not None
    assert [entry.actor for entry in office.audited("incident.opened", found.id)] == [REQUESTER]
    assert office.shown.incidents == [found.id]


@pytest.mark.parametrize(
    ("params", "say"),
    [
        pytest.param({}, "ledger/dead: tenant is missing (the tenant's name)", id="missing"),
        pytest.param({"tenant": "Acme!"}, "ledger/dead: tenant must match [a-z]{1,8}", id="against-its-pattern"),
        pytest.param(
            {"tenant": "acme", "tenat": "x"},
            "ledger/dead: there is no parameter tenat; did you mean tenant?",
            id="unknown",
        ),
    ],
)
def test_parameters_that_are_wrong_open_nothing_and_are_told(office: Office, params: dict[str, str], say: str) -> None:
    office.runbook = with_params()

    told = opened(office, params=params)

    assert told == Declined(why=Cause.BAD_INPUT, say=say)
    assert office.shown.incidents == []


@pytest.mark.parametrize(("person", "why"), [(GUEST, Why.GUEST), ("U0NOBODY", Why.UNCERTAIN)])
def test_who_is_no_full_member_runs_nothing(office: Office, person: str, why: Why) -> None:
    told = opened(office, person=person)

    assert isinstance(told, Declined)
    assert told.why is why


def test_a_runbook_that_is_not_there_is_told(office: Office) -> None:
    told = opened(office, runbook="ledger/none")

    assert told == Declined(why=Cause.BAD_INPUT, say="there is no runbook ledger/none")


def test_a_wish_that_slack_sends_twice_opens_one_incident(office: Office) -> None:
    first, second = opened(office, seed="trigger-1"), opened(office, seed="trigger-1")
    another = opened(office, seed="trigger-2")

    assert first == second != another
    assert len(office.audited("incident.opened", incident_of(office, first).id)) == 1


def test_what_was_opened_by_hand_is_closed_by_a_person_once(office: Office) -> None:
    told = opened(office)
    office.at += timedelta(minutes=5)

    found = incident_of(office, told)
    closed, again = (close(office.desk, person=REQUESTER, incident_id=found.id) for _ in range(2))

    after = incident_of(office, closed)
    assert (after.state, after.closed_by, after.resolved_at) == (State.RESOLVED, REQUESTER, office.at)
    assert again == Declined(why=Cause.NOT_OFFERED, say="It is closed already.")
    assert [entry.actor for entry in office.audited("incident.closed", found.id)] == [REQUESTER]


def test_an_incident_of_an_alert_is_not_closed_by_hand(office: Office) -> None:
    told = close(office.desk, person=REQUESTER, incident_id=INCIDENT)

    assert isinstance(told, Declined)
    assert told.why is Cause.NOT_OFFERED


def test_the_clock_opens_in_its_own_name_and_in_its_own_channel(office: Office) -> None:
    opening = Opening(
        origin=Origin.SCHEDULE,
        opened_by="ledger/daily",
        runbook="ledger/dead",
        content=REVISION,
        seed="ledger/daily@2026-11-20T06:00:00+00:00",
        channel="#digests",
    )

    with office.database.begin() as conn:
        once, twice = (open_incident(office.desk, conn, opening, now=office.at) for _ in range(2))

    assert once == twice
    found = incident_of(office, Done(id=once))
    assert (found.origin, found.opened_by, found.channel) == (Origin.SCHEDULE, "ledger/daily", "#digests")
