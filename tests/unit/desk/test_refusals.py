"""Whoever is told no is told why, alone, whichever way they came; and the audit says so."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from bot.core.errors import Unavailable
from bot.core.ports import Json
from bot.desk import Cause, Declined, Done, resume, stop, vote
from bot.desk.answer import SAY
from bot.engine.approval import Why
from bot.engine.runbook import Risk
from bot.slack.clicks import Clicks
from bot.slack.payload import click, submission
from bot.store import audit
from bot.store.tables import incident_alerts, incidents, requests
from tests.kit.moments import NOON
from tests.kit.trust import (
    ACTION,
    ALIAS,
    APPROVER,
    BOT,
    GONE,
    GUEST,
    INCIDENT,
    OUTSIDER,
    REQUESTER,
    SECOND,
    STRANGER,
    SYSTEM,
    Office,
    runbook,
)

Arrange = Callable[[Office, str], None]


@dataclass
class FakeReply:
    """What people were told alone, and the forms that opened."""

    told: list[tuple[str, str]] = field(default_factory=list)
    opened: list[dict[str, Json]] = field(default_factory=list)

    def tell(self, *, channel: str, user: str, text: str, thread_ts: str | None) -> None:
        self.told.append((user, text))

    def open_view(self, *, trigger_id: str, view: dict[str, Json]) -> str:
        self.opened.append(view)
        return "V1"

    def update_view(self, view_id: str, *, view: dict[str, Json]) -> None:
        self.opened.append(view)


def nothing(office: Office, request_id: str) -> None:
    """Leave all as it is."""


def resolve(office: Office, request_id: str) -> None:
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(state="resolved", resolved_at=office.at))


def change(**attributes: Any) -> Arrange:
    def arrange(office: Office, request_id: str) -> None:
        for name, value in attributes.items():
            setattr(office, name, value)

    return arrange


def of_host(**attributes: Any) -> Arrange:
    def arrange(office: Office, request_id: str) -> None:
        for name, value in attributes.items():
            setattr(office.host, name, value)

    return arrange


def without_address(office: Office, request_id: str) -> None:
    office.directory.people[APPROVER] = replace(office.directory.people[APPROVER], email=None)


def away(office: Office, request_id: str) -> None:
    office.directory.is_down = True


def approve_it(office: Office, request_id: str) -> None:
    office.approve(request_id, SECOND)


def run_another(office: Office, request_id: str) -> None:
    office.host.is_deaf = True
    office.approve(office.ask(inputs={"kind": "other"}), SECOND)


def unreadable(office: Office, request_id: str) -> None:
    office.host.answers = lambda call: Unavailable("api", "down") if call.path == "/items" else None


def later(office: Office, request_id: str) -> None:
    office.at += timedelta(minutes=30)


def voted_before(office: Office, request_id: str) -> None:
    office.approve(request_id, APPROVER)


def silence(office: Office, request_id: str) -> None:
    with office.database.begin() as conn:
        row = {"incident_id": INCIDENT, "fingerprint": "f", "starts_at": office.at, "status": "firing", "labels": {}}
        conn.execute(insert(incident_alerts).values(**row, annotations={}, generator_url="", seen_at=office.at))
    office.silences = AllSilenced()


def prepare_anew(office: Office, request_id: str) -> None:
    with office.database.begin() as conn:
        conn.execute(update(requests).values(state="preparing"))


def stop_and_ask_on(office: Office, request_id: str) -> None:
    """Its rest is asked for by the one who then votes on it."""
    office.approve_without_running(request_id, SECOND)
    office.execute(request_id)
    stop(office.desk, person=SECOND, request_id=request_id)
    office.work()
    assert isinstance(resume(office.desk, person=APPROVER, request_id=request_id, reason="looked"), Done)


class AllSilenced:
    """An Alertmanager where everything is silenced."""

    def silenced(self, fingerprints: frozenset[str], *, timeout: float) -> dict[str, bool]:
        return dict.fromkeys(fingerprints, True)


EACH = {"each": True, "http": {**ACTION["do"][0]["http"], "json": {"ids": ["{{ target }}"]}}}
IN_BATCHES = {"do": [EACH], "batches": {"check": "health.status == 'healthy'"}}
TWO = {"risk": "high"}
MONTH_END = {"freeze": [{"month_days": [NOON.day], "timezone": "Europe/Berlin", "why": "month-end closing"}]}
PAST_NOON = {"allow": [{"from": "10:00", "until": "11:00", "timezone": "UTC"}]}
REFUSALS = [
    pytest.param(REQUESTER, {}, nothing, Why.REQUESTER, id="the-requester"),
    pytest.param(ALIAS, {}, nothing, Why.ALIAS, id="an-alias-by-mailbox"),
    pytest.param(
        SECOND,
        {},
        change(system=SYSTEM.model_copy(update={"identities": {"one": (REQUESTER, SECOND)}})),
        Why.ALIAS,
        id="an-alias-by-the-rules",
    ),
    pytest.param(BOT, {}, nothing, Why.BOT, id="a-bot"),
    pytest.param(GONE, {}, nothing, Why.DELETED, id="deactivated"),
    pytest.param(GUEST, {}, nothing, Why.GUEST, id="a-guest"),
    pytest.param(STRANGER, {}, nothing, Why.STRANGER, id="another-workspace"),
    pytest.param(OUTSIDER, {}, nothing, Why.NOT_IN_GROUP, id="in-the-channel-only"),
    pytest.param("U0NOBODY", {}, nothing, Why.UNCERTAIN, id="unknown-to-the-directory"),
    pytest.param(APPROVER, {}, away, Why.UNCERTAIN, id="the-directory-is-away"),
    pytest.param(APPROVER, {}, without_address, Why.NO_EMAIL, id="no-address"),
    pytest.param(APPROVER, {}, later, Why.EXPIRED, id="expired"),
    pytest.param(APPROVER, {}, approve_it, Why.SETTLED, id="approved-by-another"),
    pytest.param(APPROVER, {}, resolve, Why.ALERT_RESOLVED, id="its-alert-has-resolved"),
    pytest.param(APPROVER, {}, of_host(items={"ev_9": 9}), Why.TARGETS_CHANGED, id="other-targets"),
    pytest.param(APPROVER, {}, of_host(status="frozen"), Why.NOT_POSSIBLE, id="a-guard"),
    pytest.param(APPROVER, {}, unreadable, Why.UNREADABLE, id="targets-that-cannot-be-read"),
    pytest.param(APPROVER, {"windows": PAST_NOON}, nothing, Why.OUTSIDE_HOURS, id="outside-its-hours"),
    pytest.param(APPROVER, {"windows": MONTH_END}, nothing, Why.OUTSIDE_HOURS, id="a-frozen-day"),
    pytest.param(APPROVER, {"limits": {"per_hour": 1}}, run_another, Why.TOO_OFTEN, id="too-often"),
    pytest.param(APPROVER, {"cool_down": "10m"}, run_another, Why.COOLING_DOWN, id="a-target-that-cools-down"),
    pytest.param(APPROVER, {}, prepare_anew, Why.PREPARING, id="its-preview-is-being-made"),
    pytest.param(APPROVER, TWO, voted_before, Why.ALREADY_VOTED, id="voted-before"),
    pytest.param(APPROVER, {}, silence, Why.ALERT_SILENCED, id="its-alert-was-silenced"),
    pytest.param(APPROVER, IN_BATCHES, stop_and_ask_on, Why.RESUMER, id="who-asked-that-it-goes-on"),
]


def by_call(office: Office, request_id: str, digest: str, person: str) -> str:
    told = vote(office.desk, person=person, request_id=request_id, digest=digest)
    assert isinstance(told, Declined), told
    return told.say


def by_click(office: Office, request_id: str, digest: str, person: str) -> str:
    reply = FakeReply()
    Clicks(desk=office.desk, reply=reply).approve(click(pressed(person, request_id, "approve", digest)))
    [(user, text)] = reply.told
    assert user == person
    return text


def pressed(person: str, request_id: str, action: str, digest: str) -> dict[str, Any]:
    button = {"action_id": action, "block_id": digest, "value": f"{request_id}:{action}"}
    return {
        "user": {"id": person},
        "channel": {"id": "C0BILLING"},
        "message": {"ts": "2.0", "thread_ts": "1.0"},
        "trigger_id": "t",
        "actions": [button],
    }


@pytest.mark.parametrize("press", [pytest.param(by_call, id="call"), pytest.param(by_click, id="click")])
@pytest.mark.parametrize(("person", "changes", "arrange", "why"), REFUSALS)
def test_a_refusal_says_why_and_is_in_the_audit(
    office: Office,
    person: str,
    changes: dict[str, Any],
    arrange: Arrange,
    why: Why,
    press: Callable[[Office, str, str, str], str],
) -> None:
    office.runbook = runbook(**changes)
    request_id = office.ask()
    digest = office.digest(request_id)
    arrange(office, request_id)
    office.__post_init__()
    digest = digest if why is not Why.RESUMER else office.digest(request_id)
    effects = len(office.host.effects)

    told = press(office, request_id, digest, person)
    office.work()

    assert told
    kind = "resumption.vote_refused" if why is Why.RESUMER else "request.vote_refused"
    refused = [json.loads(entry.data) for entry in office.audited(kind) if entry.actor == person]
    assert [entry["why"] for entry in refused] == [why]
    assert len(office.host.effects) == effects


@pytest.mark.parametrize("press", [pytest.param(by_call, id="call"), pytest.param(by_click, id="click")])
def test_a_vote_for_what_was_shown_before_is_refused_and_audited(
    office: Office, press: Callable[[Office, str, str, str], str]
) -> None:
    request_id = office.ask()

    assert press(office, request_id, "0" * 64, APPROVER).startswith(SAY[Why.DIGEST_DIFFERS])

    assert [json.loads(entry.data)["why"] for entry in office.audited("request.vote_refused")] == ["digest_differs"]


@pytest.mark.parametrize(
    ("changes", "asks_codes", "why"),
    [
        pytest.param({"risk": "severe", "phrase": "replay it all"}, False, Why.NO_PHRASE, id="without-its-phrase"),
        pytest.param({}, True, Why.NO_CODE, id="without-a-code"),
    ],
)
def test_a_vote_without_what_must_be_typed_is_refused_and_audited(
    office: Office, changes: dict[str, Any], asks_codes: bool, why: Why
) -> None:
    office.runbook = runbook(**changes)
    office.second_factor = Risk.LOW if asks_codes else None
    office.__post_init__()
    request_id = office.ask()

    assert by_call(office, request_id, office.digest(request_id), APPROVER)

    assert [json.loads(entry.data)["why"] for entry in office.audited("request.vote_refused")] == [why]


def test_the_tables_hold_every_refusal_of_a_vote() -> None:
    """Those of break-glass, of a review and of a reason are in test_break_glass.py."""
    alone = {Why.NO_BREAK_GLASS, Why.TOO_MUCH_ALONE, Why.NO_REASON, Why.NOT_BROKEN, Why.REVIEWED, Why.OWN_BREAK_GLASS}
    beside = {Why.DIGEST_DIFFERS, Why.NO_PHRASE, Why.NO_CODE}

    held = {each.values[3] for each in REFUSALS}

    assert held | alone | beside == set(Why)


def test_every_refusal_has_its_sentence() -> None:
    assert set(SAY) == set(Why)


def test_a_vote_on_no_request_is_in_the_audit(office: Office) -> None:
    told = vote(office.desk, person=APPROVER, request_id="none", digest="0" * 64)

    assert isinstance(told, Declined)
    assert told.why is Cause.NOT_FOUND
    with office.database.read() as conn:
        head = audit.head(conn)
    assert head is not None
    assert head.seq == 1


def severe(office: Office) -> tuple[Clicks, FakeReply, str]:
    office.runbook = runbook(risk="severe", phrase="replay it all", break_glass=True)
    reply = FakeReply()
    return Clicks(desk=office.desk, reply=reply), reply, office.ask()


def typed(view: dict[str, Json], person: str, **inputs: str) -> dict[str, Any]:
    """A form as it comes back: Slack names the blocks that we did not."""
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    named = [{"block_id": f"b{at}", **block} for at, block in enumerate(blocks) if isinstance(block, dict)]
    values = {
        f"input:-{name}": {f"value:-{name}": {"type": "plain_text_input", "value": text}}
        for name, text in inputs.items()
    }
    return {"user": {"id": person}, "view": {**view, "blocks": named, "state": {"values": values}}}


def test_a_severe_vote_goes_through_its_form(office: Office) -> None:
    clicks, reply, request_id = severe(office)

    for person in (APPROVER, SECOND):
        clicks.approve(click(pressed(person, request_id, "approve", office.digest(request_id))))
        form = submission(typed(reply.opened[-1], person, phrase="Replay it all"))
        assert clicks.check_vote(form).wrong == {}
        clicks.submit_vote(form, is_proven=False)
    office.work()

    assert reply.told == []
    assert len(office.host.effects) == 1


def test_a_phrase_that_is_wrong_is_said_beside_its_field(office: Office) -> None:
    clicks, reply, request_id = severe(office)
    clicks.approve(click(pressed(APPROVER, request_id, "approve", office.digest(request_id))))

    wrong = clicks.check_vote(submission(typed(reply.opened[-1], APPROVER, phrase="replay some")))

    assert wrong.wrong == {"input:-phrase": "Type: replay it all"}


def test_break_glass_goes_through_its_form_and_a_refusal_is_told_alone(office: Office) -> None:
    clicks, reply, request_id = severe(office)
    clicks.break_glass(click(pressed(OUTSIDER, request_id, "break_glass", office.digest(request_id))))
    form = typed(reply.opened[-1], OUTSIDER, phrase="replay it all", reason="nobody is up")

    clicks.submit_vote(submission(form), is_proven=False)

    assert reply.told == [(OUTSIDER, SAY[Why.NOT_IN_GROUP])]
    assert office.host.effects == []


def test_break_glass_through_its_form_runs_and_is_reviewed_by_a_click(office: Office) -> None:
    clicks, reply, request_id = severe(office)
    clicks.break_glass(click(pressed(REQUESTER, request_id, "break_glass", office.digest(request_id))))
    form = typed(reply.opened[-1], REQUESTER, phrase="replay it all", reason="nobody is up")
    clicks.submit_vote(submission(form), is_proven=False)
    office.work()
    assert len(office.host.effects) == 1

    clicks.review(click(pressed(REQUESTER, request_id, "review", "b")))
    clicks.review(click(pressed(APPROVER, request_id, "review", "b")))

    assert reply.told == [(REQUESTER, SAY[Why.OWN_BREAK_GLASS])]
    assert [entry.actor for entry in office.audited("request.reviewed")] == [APPROVER]


def test_approving_although_resolved_is_another_button(office: Office) -> None:
    request_id = office.ask()
    resolve(office, request_id)
    reply = FakeReply()
    button = pressed(APPROVER, request_id, "approve", office.digest(request_id))
    button["actions"][0]["value"] = f"{request_id}:anyway"

    Clicks(desk=office.desk, reply=reply).approve(click(button))
    office.work()

    assert reply.told == []
    assert len(office.host.effects) == 1
