"""Kill switches on both databases: what they stop, at which moment, and who is told."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.core.ports import HttpCall, HttpReply
from bot.desk import Cause, Declined, Done, engage, release
from bot.engine import execution
from bot.engine.approval import Why
from bot.engine.catalog import Catalog
from bot.engine.request import State
from bot.engine.runbook import Runbook
from bot.engine.switch import Kind, Switch
from bot.engine.system import System
from bot.jobs.announcing import Announcer
from bot.slack.present import Presenter
from bot.store import audit, messages, switches
from bot.store.database import Database
from bot.store.stock import stock
from bot.store.tables import audit as audit_rows
from bot.store.tables import messages as message_rows
from tests.kit.trust import (
    ACTION,
    APPROVER,
    GUEST,
    INCIDENT,
    LEAD,
    OUTSIDER,
    REQUESTER,
    REVISION,
    SYSTEM,
    UNDO,
    Files,
    Office,
    runbook,
)

STRIPE = "Stripe's own retries go on."
SWITCHED = System.model_validate(
    SYSTEM.model_dump(by_alias=True)
    | {
        "switches": {
            "replays": {
                "title": "Replays of the ledger",
                "engage": "ledger/dead/replay",
                "release": "ledger/dead/unplay",
                "does_not_stop": STRIPE,
                "ttl": "1h",
            }
        }
    }
)


@dataclass
class SwitchedOffice(Office):
    """An office whose ledger has a switch, and which says things as it would in Slack."""

    files: Mapping[str, System] = field(default_factory=lambda: {"ledger": SWITCHED})

    def __post_init__(self) -> None:
        self.shown = cast(Any, Presenter(contents=self.contents, enqueue=self.enqueue, new_id=self.new_id))
        super().__post_init__()
        self.announcer = Announcer(self.means, catalog=self.catalog)
        self.handlers = {**self.handlers, "announce_switch": self.announcer, "deliver": lambda _: None}

    def contents(self, revision: str) -> Files:
        return Files(systems=self.files, runbooks={"ledger/dead": self.runbook})

    def catalog(self) -> Catalog:
        return Catalog(revision=REVISION, systems=self.files, runbooks={"ledger/dead": self.runbook}, files={})

    def stop(self, name: str = "bot", **more: Any) -> str:
        told = engage(self.desk, **{"person": APPROVER, "name": name, "reason": "a deploy went wrong", **more})
        assert isinstance(told, Done), told
        return told.id

    def let_go(self, name: str = "bot", **more: Any) -> None:
        told = release(self.desk, **{"person": LEAD, "name": name, "reason": "rolled back", **more})
        assert isinstance(told, Done), told
        self.work()

    def engaged(self) -> tuple[Switch, ...]:
        with self.database.read() as conn:
            return switches.engaged(conn)

    def said(self, subject: str) -> str:
        """All the words of the message about this subject."""
        with self.database.read() as conn:
            found = messages.by_subject(conn, subject)
        assert found is not None, subject
        return f"{found.text}\n{found.blocks}"

    def subjects(self, start: str) -> list[str]:
        with self.database.read() as conn:
            query = select(message_rows.c.subject).where(message_rows.c.subject.startswith(start))
            return list(conn.scalars(query.order_by(message_rows.c.created_at)))

    def everything(self) -> list[str]:
        with self.database.read() as conn:
            return [entry.kind for entry in audit._walk(conn)]


@pytest.fixture
def office(database: Database) -> SwitchedOffice:
    made = SwitchedOffice(database=database)
    made.open_incident()
    return made


def two_calls() -> Runbook:
    """The replay, one call for each target."""
    do = [{"each": True, "http": {**ACTION["do"][0]["http"], "json": {"ids": ["{{ target }}"]}}}]
    return runbook(do=do)


@pytest.mark.parametrize("name", ["bot", "bot:ledger", "bot:ledger/dead/replay"])
def test_an_approved_request_is_held_and_starts_once_the_switch_is_released(office: SwitchedOffice, name: str) -> None:
    request_id = office.ask()
    office.stop(name)

    office.approve(request_id, APPROVER)
    held = office.said(f"request:{request_id}")
    effects_while_held = len(office.host.effects)
    office.let_go(name)

    assert effects_while_held == 0
    assert "a deploy went wrong" in held
    assert "It starts once that is released" in held
    assert len(office.host.effects) == 1
    assert office.request(request_id).note is None
    assert office.kinds().count("request.held") == 1


def test_a_switch_of_something_else_stops_nothing(office: SwitchedOffice) -> None:
    office.stop("bot:ledger/dead/unplay")

    request_id = office.ask()
    office.approve(request_id, APPROVER)

    assert len(office.host.effects) == 1


def test_a_held_request_expires_when_it_is_no_longer_fresh(office: SwitchedOffice) -> None:
    request_id = office.ask()
    office.stop()
    office.approve(request_id, APPROVER)

    for _ in range(200):
        office.at += timedelta(seconds=10)
        office.sweep()
        office.work()

    assert office.request(request_id).state is State.EXPIRED
    assert "a deploy went wrong" in (office.request(request_id).note or "")
    assert office.host.effects == []


def test_what_is_held_is_not_tried_at_every_sweep(office: SwitchedOffice) -> None:
    request_id = office.ask()
    office.stop()
    office.approve(request_id, APPROVER)

    office.at += timedelta(minutes=5)
    office.sweep()

    assert [job.handler for _, job in office.waiting if job.handler == "execute"] == []


def test_a_switch_engaged_between_the_claim_and_a_call_stops_the_next_call(database: Database) -> None:
    office = SwitchedOffice(database=database, runbook=two_calls())
    office.open_incident()
    request_id = office.ask()

    def stop_during_the_first(call: HttpCall) -> HttpReply | None:
        if call.path == "/replay" and not office.host.effects:
            office.stop()
        return None

    office.host.answers = stop_during_the_first
    office.approve(request_id, APPROVER)

    found = office.execution(request_id)
    assert found is not None
    assert len(office.host.effects) == 1
    assert found.state is execution.State.STOPPED
    assert "stopped before call 2: bot has been stopped by U0FIRST" in (found.outcome or "")
    assert "deed.stopped" in office.kinds()


def test_once_engaged_no_call_begins_whatever_runs_at_the_same_time(database: Database) -> None:
    office = SwitchedOffice(database=database, runbook=two_calls())
    office.open_incident()
    office.host.items = {f"ev_{number}": 1 for number in range(5)}
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(office.execute, request_id)
        office.stop()
        begun = office.audited("deed.started")
        running.result(30)

    assert len(office.audited("deed.started")) == len(begun)


def lose_the_table(office: Office) -> None:
    with office.database.begin() as conn:
        conn.execute(text("ALTER TABLE switches RENAME TO switches_lost"))


def test_switches_that_cannot_be_read_let_nothing_start(office: SwitchedOffice) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    lose_the_table(office)

    with pytest.raises(DBAPIError):
        office.execute(request_id)

    assert office.host.effects == []
    assert office.execution(request_id) is None


def test_switches_that_cannot_be_read_any_more_let_no_further_call_begin(database: Database) -> None:
    office = SwitchedOffice(database=database, runbook=two_calls())
    office.open_incident()
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)

    def lose_it_during_the_first(call: HttpCall) -> HttpReply | None:
        if call.path == "/replay" and not office.host.effects:
            lose_the_table(office)
        return None

    office.host.answers = lose_it_during_the_first
    with pytest.raises(DBAPIError):
        office.execute(request_id)

    assert len(office.host.effects) == 1


def test_anybody_who_may_approve_may_stop_the_bot_and_nobody_else(office: SwitchedOffice) -> None:
    refused = {who: engage(office.desk, person=who, name="bot", reason="x") for who in (OUTSIDER, GUEST, "U0NOBODY")}
    office.stop(person=REQUESTER)

    assert {who: told.why for who, told in refused.items() if isinstance(told, Declined)} == {
        OUTSIDER: Why.NOT_IN_GROUP,
        GUEST: Why.GUEST,
        "U0NOBODY": Why.UNCERTAIN,
    }
    assert [each.person for each in office.engaged()] == [REQUESTER]
    with office.database.read() as conn:
        kept = conn.execute(select(audit_rows.c.actor, audit_rows.c.data).where(audit_rows.c.kind == "switch.refused"))
        told = {row.actor: json.loads(row.data)["why"] for row in kept}
    assert told == {OUTSIDER: "not_in_group", GUEST: "guest", "U0NOBODY": "uncertain"}


def test_a_release_needs_an_approver_and_a_reason(office: SwitchedOffice) -> None:
    office.stop()

    without_reason = release(office.desk, person=LEAD, name="bot", reason="  ")
    by_outsider = release(office.desk, person=OUTSIDER, name="bot", reason="please")
    office.directory.is_down = True
    by_nobody_knows_whom = release(office.desk, person=LEAD, name="bot", reason="please")

    told = [without_reason, by_outsider, by_nobody_knows_whom]
    assert [each.why for each in told if isinstance(each, Declined)] == [
        Cause.NO_REASON,
        Why.NOT_IN_GROUP,
        Why.UNCERTAIN,
    ]
    assert len(office.engaged()) == 1


def test_one_engagement_at_a_time_and_each_is_kept(office: SwitchedOffice) -> None:
    office.stop()
    again = engage(office.desk, person=LEAD, name="bot", reason="me too")
    office.let_go()
    twice = release(office.desk, person=LEAD, name="bot", reason="again")
    office.stop()

    assert isinstance(again, Declined)
    assert isinstance(twice, Declined)
    assert (again.why, twice.why) == (Cause.ALREADY_ENGAGED, Cause.NOT_ENGAGED)
    assert [kind for kind in office.everything() if kind.startswith("switch.")] == [
        "switch.engaged",
        "switch.refused",
        "switch.released",
        "switch.refused",
        "switch.engaged",
    ]


@pytest.mark.parametrize("name", ["bto", "bot:nowhere", "ledger/replays", "bot:ledger/dead/gone"])
def test_only_bot_switches_that_are_there_are_engaged_by_hand(office: SwitchedOffice, name: str) -> None:
    told = engage(office.desk, person=APPROVER, name=name, reason="x")

    assert isinstance(told, Declined)
    assert office.engaged() == ()


def test_the_channel_is_told_and_the_incident_says_it_until_the_release(office: SwitchedOffice) -> None:
    with office.database.begin() as conn:
        office.means.show.incident(conn, INCIDENT, office.at)

    switch_id = office.stop()
    office.work()
    while_stopped = office.said(f"root:{INCIDENT}")
    office.let_go()

    assert "All actions are stopped" in while_stopped
    assert "All actions" not in office.said(f"root:{INCIDENT}")
    assert "rolled back" in office.said(f"switch:{switch_id}:released:#billing")
    assert office.subjects("switch:") == [
        f"switch:{switch_id}:engaged:#billing",
        f"switch:{switch_id}:released:#billing",
    ]


def test_a_business_switch_follows_its_executions(office: SwitchedOffice) -> None:
    request_id = office.ask()
    office.approve_without_running(request_id, APPROVER)
    office.execute(request_id)
    at_once = office.engaged()
    office.pass_time(timedelta(seconds=10))
    verified = office.engaged()

    undo_id = office.ask("unplay", original_id=request_id)
    office.approve(undo_id, APPROVER)
    before_it_is_verified = office.engaged()
    office.pass_time(timedelta(seconds=10))

    assert [(each.name, each.kind, each.is_verified, each.person) for each in at_once] == [
        ("ledger/replays", Kind.BUSINESS, False, REQUESTER)
    ]
    assert [each.is_verified for each in verified] == [True]
    assert len(before_it_is_verified) == 1
    assert office.engaged() == ()
    assert set(office.host.items) == {"ev_1", "ev_2"}
    assert [kind for kind in office.kinds() if kind.startswith("switch.")] == ["switch.engaged", "switch.released"]


def test_an_undo_releases_just_what_its_original_engaged(office: SwitchedOffice) -> None:
    first = office.ask()
    office.approve(first, APPROVER)
    office.pass_time(timedelta(minutes=2))
    office.host.items = {"ev_3": 1}
    second = office.ask()
    office.approve(second, APPROVER)
    office.pass_time(timedelta(minutes=2))

    undo = office.ask("unplay", original_id=first)
    office.approve(undo, APPROVER)
    office.pass_time(timedelta(minutes=2))

    assert [each.scope for each in office.engaged()] == [second]


def test_an_action_that_is_no_undo_releases_all_that_was_engaged_before_it(database: Database) -> None:
    call = {"at": "api", "post": "/undo", "json": {"ids": "{{ targets.ids }}"}, "idempotency": "header"}
    whole = {**UNDO, "id": "resume", "targets": {"ids": "['ledger']"}, "do": [{"http": call}]}
    book = Runbook.model_validate(
        {"title": "Dead", "diagnose": runbook().model_dump(by_alias=True)["diagnose"], "actions": [ACTION, UNDO, whole]}
    )
    says = SWITCHED.switches["replays"].model_copy(update={"release": "ledger/dead/resume"})
    system = SWITCHED.model_copy(update={"switches": {"replays": says}})
    office = SwitchedOffice(database=database, runbook=book, files={"ledger": system})
    office.open_incident()
    for item in ("ev_1", "ev_2"):
        office.host.items = {item: 1}
        office.approve(office.ask(), APPROVER)
        office.pass_time(timedelta(minutes=2))
    engaged = len(office.engaged())

    office.approve(office.ask("resume"), APPROVER)
    office.pass_time(timedelta(minutes=2))

    assert engaged == 2
    assert office.engaged() == ()


def test_a_business_switch_that_failed_half_way_is_engaged_and_not_verified(database: Database) -> None:
    office = SwitchedOffice(database=database, runbook=two_calls())
    office.open_incident()
    request_id = office.ask()

    def stop_during_the_first(call: HttpCall) -> HttpReply | None:
        if call.path == "/replay" and not office.host.effects:
            office.stop()
        return None

    office.host.answers = stop_during_the_first
    office.approve(request_id, APPROVER)

    half = [each for each in office.engaged() if each.kind is Kind.BUSINESS]
    assert [(each.name, each.is_verified) for each in half] == [("ledger/replays", False)]


def test_a_business_switch_is_released_by_its_action_only(office: SwitchedOffice) -> None:
    office.approve(office.ask(), APPROVER)

    told = release(office.desk, person=LEAD, name="ledger/replays", reason="enough")

    assert isinstance(told, Declined)
    assert "action like any other" in told.say
    assert len(office.engaged()) == 1


def test_the_card_and_the_root_say_what_a_switch_does_not_stop(office: SwitchedOffice) -> None:
    request_id = office.ask()
    before = office.said(f"request:{request_id}")
    office.approve(request_id, APPROVER)
    office.pass_time(timedelta(seconds=10))

    assert STRIPE in before
    assert "Replays of the ledger is stopped" in office.said(f"root:{INCIDENT}")
    assert STRIPE in office.said(f"root:{INCIDENT}")


def test_reminders_are_said_once_by_all_replicas_and_a_restart_forgets_nothing(office: SwitchedOffice) -> None:
    switch_id = office.stop(ttl=timedelta(hours=1))
    replicas = [
        SwitchedOffice(database=office.database, at=office.at, numbers=iter(range(start, start + 1000)))
        for start in (10_000, 20_000, 30_000)
    ]
    seen = []
    for minutes in (10, 46, 50, 61, 90, 600):
        for each in replicas:
            each.at = office.at + timedelta(minutes=minutes)
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lambda each: each.announcer.remind(), replicas))
        seen.append(len(office.subjects(f"switch:{switch_id}:")))

    assert seen == [0, 1, 1, 2, 2, 2]
    assert "does not end by itself" in office.said(f"switch:{switch_id}:over:#billing")
    assert office.everything().count("switch.reminded") == 2
    assert [each.id for each in replicas[0].engaged()] == [switch_id]


def test_a_business_switch_is_reminded_of_in_the_thread_of_its_incident(office: SwitchedOffice) -> None:
    office.approve(office.ask(), APPROVER)
    office.pass_time(timedelta(minutes=46))

    office.announcer.remind()

    (subject,) = office.subjects("switch:")
    with office.database.read() as conn:
        root, reminder = messages.by_subject(conn, f"root:{INCIDENT}"), messages.by_subject(conn, subject)
    assert root is not None
    assert reminder is not None
    assert reminder.thread_of == root.id
    assert STRIPE in str(reminder.blocks)


def test_the_metrics_know_every_switch_and_whether_it_is_engaged(office: SwitchedOffice) -> None:
    def known() -> Mapping[tuple[str, str], bool]:
        with office.database.read() as conn:
            return stock(conn, office.at).switches

    before = known()
    office.stop("bot:ledger")
    during = known()
    office.let_go("bot:ledger")

    assert before == {("bot", "bot"): False}
    assert during == {("bot", "bot"): False, ("bot:ledger", "bot"): True}
    assert known() == {("bot", "bot"): False, ("bot:ledger", "bot"): False}
