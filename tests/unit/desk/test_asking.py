"""Asking for an action, and what the preparation makes of it."""

from datetime import timedelta

import pytest

from bot.core.errors import Unavailable
from bot.desk import Cause, Declined, Done, acknowledge, ask, rerun
from bot.engine.approval import Why
from bot.engine.request import State
from bot.store import diagnoses
from tests.kit.fakes import not_found, ok
from tests.kit.trust import ACTION, APPROVER, GUEST, INCIDENT, REQUESTER, Office, runbook


def wish(office: Office, **more: object) -> Done | Declined:
    given = {"person": REQUESTER, "incident_id": INCIDENT, "action": "replay", "inputs": {}, "reason": "why not"}
    return ask(office.desk, **{**given, **more})  # type: ignore[arg-type]  # a table of arguments


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param({"incident_id": "none"}, Cause.NOT_FOUND, id="no-such-incident"),
        pytest.param({"action": "fly"}, Cause.NOT_OFFERED, id="no-such-action"),
        pytest.param({"action": "unplay"}, Cause.NOT_OFFERED, id="an-undo-of-nothing"),
        pytest.param({"original_id": "none"}, Cause.NOT_OFFERED, id="no-such-original"),
        pytest.param({"inputs": {"kind": "NO SUCH"}}, Cause.BAD_INPUT, id="against-the-pattern"),
        pytest.param({"inputs": {"other": "x"}}, Cause.BAD_INPUT, id="no-such-input"),
        pytest.param({"person": GUEST}, Why.GUEST, id="a-guest"),
        pytest.param({"person": "U0NOBODY"}, Why.UNCERTAIN, id="unknown-to-the-directory"),
    ],
)
def test_a_wish_that_cannot_be_is_declined_at_once(office: Office, more: dict[str, object], why: object) -> None:
    told = wish(office, **more)

    assert isinstance(told, Declined)
    assert told.why is why
    refused = [] if "incident_id" in more else ["request.ask_refused"]
    assert office.kinds() == refused


@pytest.mark.parametrize("risk", ["high", "severe"])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_from_a_high_risk_on_a_reason_is_needed(office: Office, reason: str | None, risk: str) -> None:
    office.runbook = runbook(risk=risk)

    told = wish(office, reason=reason)

    assert isinstance(told, Declined)
    assert told.why is Cause.NO_REASON


def test_the_same_wish_twice_is_one_request(office: Office) -> None:
    first = office.ask()

    told = wish(office)

    assert isinstance(told, Declined)
    assert told.why is Cause.ALREADY_ASKED
    office.pass_time(timedelta(minutes=30))
    assert office.request(first).state is State.EXPIRED
    assert isinstance(wish(office), Done)


def test_a_prepared_request_is_frozen_with_its_targets_inputs_and_preview(office: Office) -> None:
    request = office.request(office.ask(inputs={"kind": "credit"}))

    assert request.state is State.OPEN
    assert request.targets is not None
    assert request.targets.ids == ("ev_1", "ev_2")
    assert request.inputs == {"kind": "credit"}
    assert request.preview is not None
    assert request.preview.say == "2 of 2 would be replayed."
    assert set(request.preview.before) == {"health", "backlog"}
    assert request.expires_at == office.at + timedelta(minutes=30)
    assert request.digest is not None


def refused(office: Office) -> str:
    request = office.request(office.ask())
    assert request.state is State.REFUSED
    assert request.note is not None
    assert office.host.effects == []
    return request.note


def test_a_guard_refuses(office: Office) -> None:
    office.host.status = "frozen"

    assert refused(office) == "The ledger is frozen."


def test_a_guard_that_cannot_be_judged_refuses(office: Office) -> None:
    office.host.answers = lambda call: Unavailable("api", "timeout") if call.path == "/health" else None

    assert refused(office).startswith("whether it may run cannot be judged")


def test_an_action_that_is_not_offered_here_is_refused(office: Office) -> None:
    office.runbook = runbook(when="health.status == 'broken'")

    assert refused(office) == "it is not offered here: health.status == 'broken' does not hold"


def test_no_targets_is_nothing_to_do(office: Office) -> None:
    office.host.items.clear()

    assert refused(office) == "there is nothing to do: no target was found"


def test_too_many_targets_are_refused(office: Office) -> None:
    office.host.items = dict.fromkeys("abcdef", 1)

    assert refused(office) == "6 targets are more than the 5 that this action may touch at once"


def test_a_target_list_that_was_cut_is_refused(office: Office) -> None:
    targets = {"http": {**ACTION["targets"]["http"], "limit": 1}}
    office.runbook = runbook(targets=targets)

    assert "there are more than 1 targets" in refused(office)


def test_a_host_without_the_route_is_told_with_what_there_is_instead(office: Office) -> None:
    preview = {"http": {**ACTION["preview"]["http"], "absent": {"status": 404}}}
    office.runbook = runbook(preview=preview, instead=["unplay"])
    office.host.answers = lambda call: not_found() if call.path == "/dry-run" else None

    note = refused(office)

    assert "is not installed" in note
    assert note.endswith("; there is instead: Undo the replay")


def test_a_guard_over_the_preview_is_judged_after_it(office: Office) -> None:
    guard = {"when": "preview.would != targets.count", "say": "It would take {{ preview.would }}."}
    office.runbook = runbook(refuse=[guard])
    office.host.answers = lambda call: ok({"would": 7}) if call.path == "/dry-run" else None

    assert refused(office) == "It would take 7."


def test_an_action_that_ran_too_often_is_refused(office: Office) -> None:
    office.runbook = runbook(limits={"per_hour": 1})
    office.approve(office.ask(), APPROVER)
    office.host.items["ev_9"] = 1

    request = office.request(office.ask())

    assert request.state is State.REFUSED
    assert request.note == "it ran 1 times within the last hour, and may run 1 times"


def test_an_incident_is_acknowledged_by_one_person(office: Office) -> None:
    assert acknowledge(office.desk, person=APPROVER, incident_id=INCIDENT) == Done(id=INCIDENT)

    told = acknowledge(office.desk, person=REQUESTER, incident_id=INCIDENT)

    assert isinstance(told, Declined)
    assert told.why is Cause.ALREADY_ACKNOWLEDGED
    assert APPROVER in told.say
    assert office.kinds() == ["incident.acknowledged"]


def test_a_diagnosis_is_ordered_again_unless_one_is_under_way(office: Office) -> None:
    assert rerun(office.desk, person=APPROVER, incident_id=INCIDENT) == Done(id=INCIDENT)

    told = rerun(office.desk, person=APPROVER, incident_id=INCIDENT)

    assert isinstance(told, Declined)
    assert told.why is Cause.ALREADY_RUNNING
    with office.database.read() as conn:
        ordered = diagnoses.get(conn, INCIDENT, 1)
    assert ordered is not None
    assert [job.id for _, job in office.waiting] == [f"diagnose:{INCIDENT}:1"]
