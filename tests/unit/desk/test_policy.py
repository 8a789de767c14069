"""Policies at the desk: severe, unusual, outside its hours, cooling down, calmed down, forgotten by Stripe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from bot.core.errors import Unavailable
from bot.core.ports import HttpCall
from bot.desk import Cause, Declined, Done, vote
from bot.engine.approval import Choice, Why, is_forgotten
from bot.engine.request import Standing, State
from bot.engine.runbook import Action
from bot.store import requests
from bot.store.tables import incident_alerts, incidents
from bot.store.tables import votes as vote_rows
from tests.kit.moments import NOON
from tests.kit.trust import ACTION, ALIAS, APPROVER, INCIDENT, LEAD, REQUESTER, SECOND, SYSTEM, Office, runbook

# NOON is 12:00 UTC on a weekday.
IN_AN_HOUR = {"allow": [{"from": "13:00", "until": "14:00", "timezone": "UTC"}]}
FOR_AN_HOUR = {"allow": [{"from": "12:00", "until": "13:00", "timezone": "UTC"}]}


@dataclass
class FakeSilences:
    """Alertmanager: fingerprints it has, and whether each is silenced."""

    has: dict[str, bool] = field(default_factory=dict)
    is_down: bool = False

    def silenced(self, fingerprints: frozenset[str], *, timeout: float) -> Mapping[str, bool]:
        if self.is_down:
            raise Unavailable("Alertmanager", "no answer")
        return {each: self.has[each] for each in fingerprints if each in self.has}


def press(office: Office, request_id: str, person: str, **more: object) -> Done | Declined:
    given = {"person": person, "request_id": request_id, "digest": office.digest(request_id)}
    return vote(office.desk, **{**given, **more})  # type: ignore[arg-type]  # a table of arguments


def why(told: Done | Declined) -> Why | Cause:
    assert isinstance(told, Declined), told
    return told.why


def fire(office: Office, *fingerprints: str) -> FakeSilences:
    """Have the incident's alerts fire, and an Alertmanager that knows them."""
    silences = FakeSilences(has=dict.fromkeys(fingerprints, False))
    with office.database.begin() as conn:
        for each in fingerprints:
            row = {"incident_id": INCIDENT, "fingerprint": each, "starts_at": NOON, "status": "firing", "labels": {}}
            conn.execute(insert(incident_alerts).values(**row, annotations={}, generator_url="", seen_at=NOON))
    office.silences = silences
    office.__post_init__()
    return silences


def resolve(office: Office) -> None:
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(state="resolved", resolved_at=office.at))


# Severe


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("Replay", id="as-it-stands"),
        pytest.param("  rePLAY ", id="whatever-its-case-and-spacing"),
    ],
)
def test_each_approver_of_a_severe_action_types_its_phrase(office: Office, typed: str) -> None:
    office.runbook = runbook(risk="severe")
    request_id = office.ask()

    assert press(office, request_id, APPROVER, typed=typed) == Done(id=request_id)
    assert press(office, request_id, SECOND, typed=typed) == Done(id=request_id)

    office.work()
    assert len(office.host.effects) == 1


@pytest.mark.parametrize("typed", [None, "", "Repla", "Replay it", "yes"])
def test_a_severe_action_is_not_approved_without_its_phrase(office: Office, typed: str | None) -> None:
    office.runbook = runbook(risk="severe", phrase="replay everything")
    request_id = office.ask()

    told = press(office, request_id, APPROVER, typed=typed)

    assert why(told) is Why.NO_PHRASE
    assert isinstance(told, Declined)
    assert "“replay everything”" in told.say
    assert office.request(request_id).state is State.OPEN


def test_votes_without_the_phrase_do_not_carry_a_severe_action_however_they_came_there(office: Office) -> None:
    office.runbook = runbook(risk="severe")
    request_id = office.ask()
    press(office, request_id, APPROVER, typed="replay")
    press(office, request_id, SECOND, typed="replay")
    with office.database.begin() as conn:
        conn.execute(update(vote_rows).where(vote_rows.c.person == SECOND).values(is_typed=False))

    office.work()

    assert office.host.effects == []
    assert office.request(request_id).state is State.REFUSED


# Who counts


def test_an_account_that_the_rules_call_the_requester_s_is_no_other_person(office: Office) -> None:
    office.system = SYSTEM.model_copy(update={"identities": {"asker": (REQUESTER, SECOND)}})
    request_id = office.ask()

    assert why(press(office, request_id, SECOND)) is Why.ALIAS


def test_two_accounts_that_the_rules_call_one_person_s_are_one_vote(office: Office) -> None:
    office.system = SYSTEM.model_copy(update={"identities": {"first": (APPROVER, SECOND)}})
    office.runbook = runbook(risk="high")
    request_id = office.ask()
    press(office, request_id, APPROVER)

    assert why(press(office, request_id, SECOND)) is Why.ALREADY_VOTED
    assert office.request(request_id).state is State.OPEN


def test_an_alias_of_an_alias_is_the_same_person(office: Office) -> None:
    # ALIAS shares the requester's mailbox; the rules say that SECOND and ALIAS are one.
    office.system = SYSTEM.model_copy(update={"identities": {"other": (ALIAS, SECOND)}})
    request_id = office.ask()

    assert why(press(office, request_id, SECOND)) is Why.ALIAS


def test_an_alias_that_the_directory_does_not_know_makes_its_owner_unknown(office: Office) -> None:
    office.system = SYSTEM.model_copy(update={"identities": {"second": (SECOND, "U0NOBODY")}})
    request_id = office.ask()

    assert why(press(office, request_id, SECOND)) is Why.UNCERTAIN


# How much


def test_beyond_the_usual_one_more_must_approve(office: Office) -> None:
    office.runbook = runbook(limits={"soft": {"targets": 1}})
    request_id = office.ask()
    request = office.request(request_id)

    assert request.needs == 2
    assert request.preview is not None
    assert request.preview.unusual == ("2 targets are more than the usual 1",)
    press(office, request_id, APPROVER)
    office.work()
    assert office.host.effects == []
    press(office, request_id, SECOND)
    office.work()
    assert len(office.host.effects) == 1


def test_fewer_approvals_than_the_targets_ask_for_carry_nothing(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.runbook = runbook(limits={"soft": {"targets": 1}})  # as if the request had been opened without looking

    office.work()

    assert office.host.effects == []
    assert office.request(request_id).note == "what is stored is not what was approved; see the audit"


def test_more_money_than_may_be_is_refused(office: Office) -> None:
    office.runbook = runbook(limits={"max_amount": {"eur": 1199}})

    request = office.request(office.ask())

    assert request.state is State.REFUSED
    assert request.note == "12.00 EUR is more than the 11.99 EUR that this action may touch at once"


def test_money_in_a_currency_without_a_limit_is_refused(office: Office) -> None:
    office.runbook = runbook(limits={"max_amount": {"usd": 100000}})

    assert (
        office.request(office.ask()).note == "12.00 EUR is in a currency that has no limit here; there is one for usd"
    )


def test_a_day_s_runs_are_counted(office: Office) -> None:
    office.runbook = runbook(limits={"per_day": 2})
    for kind in ("a", "b"):
        office.host.items = {"ev_9": 1}
        office.approve(office.ask(inputs={"kind": kind}), APPROVER)
        office.pass_time(timedelta(hours=2))
    office.host.items = {"ev_9": 1}

    refused = office.request(office.ask(inputs={"kind": "c"}))
    office.pass_time(timedelta(hours=20))
    asked = office.request(office.ask(inputs={"kind": "d"}))

    assert refused.note == "it ran 2 times within the last 24 hours, and may run 2 times"
    assert asked.state is State.OPEN


# How lately


def test_a_target_is_left_alone_until_it_has_cooled_down(office: Office) -> None:
    office.runbook = runbook(cool_down="10m")
    office.host.items = {"ev_1": 1}
    office.approve(office.ask(), APPROVER)
    office.pass_time(timedelta(minutes=9))
    office.host.items = {"ev_1": 1, "ev_2": 1}

    too_soon = office.request(office.ask(inputs={"kind": "again"}))
    office.pass_time(timedelta(minutes=2))
    later = office.request(office.ask(inputs={"kind": "later"}))

    assert too_soon.note == "it has touched ev_1 within the last 10 min, and leaves a target alone so long"
    assert later.state is State.OPEN


def test_a_target_that_was_touched_since_the_preview_stops_the_vote(office: Office) -> None:
    office.runbook = runbook(cool_down="10m")
    office.host.is_deaf = True  # so the targets stay what they are
    first, second = office.ask(), office.ask(inputs={"kind": "again"})
    office.approve(first, APPROVER)

    told = press(office, second, APPROVER)

    assert why(told) is Why.COOLING_DOWN
    assert office.request(second).state is State.OPEN


def test_what_failed_without_any_effect_warms_nothing(office: Office) -> None:
    office.runbook = runbook(cool_down="10m")
    request_id = office.ask()
    office.host.answers = lambda call: Unavailable("api", "down") if call.path == "/replay" else None
    office.approve(request_id, APPROVER)
    office.host.answers = lambda _: None

    assert office.request(office.ask(inputs={"kind": "again"})).state is State.OPEN


# When


def test_outside_its_hours_an_action_is_asked_with_a_warning_and_not_approved(office: Office) -> None:
    office.runbook = runbook(windows=IN_AN_HOUR, approve={"by": ["oncall"], "expires": "2h"})
    request_id = office.ask()
    preview = office.request(request_id).preview
    assert preview is not None
    assert preview.warnings == (f"it is outside its hours, 13:00-14:00 UTC; it may run from {NOON:%Y-%m-%d} 13:00 UTC",)

    assert why(press(office, request_id, APPROVER)) is Why.OUTSIDE_HOURS

    office.at += timedelta(hours=1)
    assert press(office, request_id, APPROVER) == Done(id=request_id)


def test_hours_that_end_before_it_starts_stop_it(office: Office) -> None:
    office.runbook = runbook(windows=FOR_AN_HOUR)
    office.at += timedelta(minutes=59)
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.at += timedelta(minutes=1)

    office.work()

    assert office.host.effects == []
    request = office.request(request_id)
    assert request.state is State.REFUSED
    assert (request.note or "").startswith("it is outside its hours, 12:00-13:00 UTC; it may run from")


# What is voted on


def test_a_vote_on_targets_that_have_changed_is_refused_and_a_new_preview_asked_for(office: Office) -> None:
    office.runbook = runbook(risk="high")
    request_id = office.ask()
    press(office, request_id, APPROVER)
    office.host.items["ev_3"] = 1

    told = press(office, request_id, SECOND)
    office.work()

    assert why(told) is Why.TARGETS_CHANGED
    assert office.request(request_id).state is State.SUPERSEDED
    with office.database.read() as conn:
        _, fresh = requests.of_incident(conn, INCIDENT)
        assert requests.votes_of(conn, fresh.id) == ()
    assert fresh.state is State.OPEN
    changed = "the targets changed from 2 to 3: 1 (ev_3) new, 0 gone"
    assert fresh.note == f"asked again, because {changed} since it was shown"
    assert office.host.effects == []


def test_a_guard_that_holds_by_the_vote_ends_the_request(office: Office) -> None:
    request_id = office.ask()
    office.host.status = "frozen"

    told = press(office, request_id, APPROVER)

    assert why(told) is Why.NOT_POSSIBLE
    assert (office.request(request_id).state, office.request(request_id).note) == (
        State.REFUSED,
        "The ledger is frozen.",
    )


def test_nobody_approves_what_cannot_be_read(office: Office) -> None:
    request_id = office.ask()
    office.host.answers = lambda call: Unavailable("api", "down") if call.path == "/items" else None

    assert why(press(office, request_id, APPROVER)) is Why.UNREADABLE
    assert office.request(request_id).state is State.OPEN


def test_those_who_may_not_vote_cause_no_call_to_the_target(office: Office) -> None:
    request_id = office.ask()
    calls: list[str] = []

    def count(call: HttpCall) -> None:
        calls.append(call.path)

    office.host.answers = count

    press(office, request_id, REQUESTER)

    assert calls == []


# Calmed down


def test_an_alert_that_has_resolved_must_be_confirmed(office: Office) -> None:
    request_id = office.ask()
    resolve(office)

    told = press(office, request_id, APPROVER)

    assert why(told) is Why.ALERT_RESOLVED
    assert office.request(request_id).alert is Standing.RESOLVED
    assert press(office, request_id, APPROVER, anyway=True) == Done(id=request_id)
    office.work()
    assert len(office.host.effects) == 1
    [entry] = office.audited("request.voted")
    assert f'"choice":"{Choice.ANYWAY}"' in entry.data
    assert '"alert":"resolved"' in entry.data


def test_an_alert_that_somebody_silenced_must_be_confirmed(office: Office) -> None:
    silences = fire(office, "f1", "f2")
    request_id = office.ask()
    silences.has = {"f1": True, "f2": True}

    assert why(press(office, request_id, APPROVER)) is Why.ALERT_SILENCED
    assert press(office, request_id, APPROVER, anyway=True) == Done(id=request_id)


def test_one_alert_of_two_that_is_silenced_is_not_all(office: Office) -> None:
    silences = fire(office, "f1", "f2")
    request_id = office.ask()
    silences.has = {"f1": True, "f2": False}

    assert press(office, request_id, APPROVER) == Done(id=request_id)


def test_what_was_asked_while_silenced_needs_no_confirmation(office: Office) -> None:
    silences = fire(office, "f1")
    silences.has = {"f1": True}
    request_id = office.ask()

    assert press(office, request_id, APPROVER) == Done(id=request_id)


def test_an_alertmanager_that_does_not_answer_is_said_and_stops_nobody(office: Office) -> None:
    silences = fire(office, "f1")
    silences.is_down = True
    request_id = office.ask()
    preview = office.request(request_id).preview

    assert preview is not None
    assert preview.alert is Standing.UNKNOWN
    assert press(office, request_id, APPROVER) == Done(id=request_id)


def test_an_alert_that_resolves_after_the_last_vote_is_asked_about_again(office: Office) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    resolve(office)

    office.work()

    assert office.host.effects == []
    assert office.request(request_id).state is State.SUPERSEDED
    with office.database.read() as conn:
        _, fresh = requests.of_incident(conn, INCIDENT)
    assert fresh.note == "asked again, because its alert has resolved since it was approved"
    # It was made anew with the alert resolved, so whoever approves it knows.
    office.approve(fresh.id, APPROVER)
    assert len(office.host.effects) == 1


# Older than Stripe remembers


@pytest.mark.parametrize(
    ("age", "deed", "forgotten"),
    [
        pytest.param(timedelta(hours=22, minutes=59), "stripe", False, id="in-time"),
        pytest.param(timedelta(hours=23), "stripe", True, id="a-day-old"),
        pytest.param(timedelta(days=3), "http", False, id="no-call-to-stripe"),
    ],
)
def test_an_approval_that_stripe_would_not_remember_starts_nothing(
    office: Office, age: timedelta, deed: str, forgotten: bool
) -> None:
    deeds = {"stripe": [{"stripe": {"post": "/v1/invoices/in_1/pay"}}], "http": ACTION["do"]}
    action = Action.model_validate({**ACTION, "do": deeds[deed]})
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    with office.database.read() as conn:
        votes = requests.votes_of(conn, request_id)

    assert is_forgotten(action, votes, office.at + age) is forgotten


def test_an_approval_of_yesterday_is_expired_before_it_reaches_stripe(office: Office) -> None:
    stripe = [{"stripe": {"post": "/v1/invoices/in_1/pay"}}]
    office.runbook = runbook(do=stripe, risk="high", approve={"by": ["oncall", "leads"], "expires": "2d"})
    request_id = office.ask()
    press(office, request_id, APPROVER)
    office.at += timedelta(hours=23)
    press(office, request_id, LEAD)

    office.work()

    assert office.execution(request_id) is None
    request = office.request(request_id)
    assert request.state is State.EXPIRED
    assert (request.note or "").startswith("its first approval is so old that Stripe may have forgotten the key")
