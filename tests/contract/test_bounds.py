"""Counters and cool-downs, on both databases, while many processes start at once."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from bot.engine.request import State
from bot.store import reviews, touches
from bot.store.database import Database
from tests.kit.trust import APPROVER, INCIDENT, REQUESTER, Office, runbook

PROCESSES = 5


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database=database)
    made.open_incident()
    made.host.is_deaf = True  # the targets stay what they are, so only the bounds keep a second run back
    return made


def another(office: Office, number: int) -> Office:
    """Another process at the same database and the same host."""
    return Office(
        database=office.database,
        runbook=office.runbook,
        host=office.host,
        at=office.at,
        incarnation=f"process-{number}",
    )


def start_at_once(office: Office) -> list[State]:
    """As many approved requests as processes, each started by a process of its own at one moment."""
    asked = [office.ask(inputs={"kind": chr(ord("a") + number)}) for number in range(PROCESSES)]
    for each in asked:
        office.approve_without_running(each, APPROVER)
    processes = [another(office, number) for number in range(PROCESSES)]
    together = Barrier(PROCESSES)

    def run(number: int) -> None:
        together.wait()
        processes[number].execute(asked[number])

    with ThreadPoolExecutor(PROCESSES) as threads:
        list(threads.map(run, range(PROCESSES)))
    return [office.request(each).state for each in asked]


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        pytest.param({"limits": {"per_hour": 2}}, 2, id="per-hour"),
        pytest.param({"limits": {"per_day": 3}}, 3, id="per-day"),
        pytest.param({"limits": {}, "cool_down": "10m"}, 1, id="cool-down"),
        pytest.param({"limits": {}}, PROCESSES, id="without-bounds"),
    ],
)
def test_processes_that_start_at_once_keep_to_the_bounds(office: Office, changes: Mapping[str, Any], may: int) -> None:
    office.runbook = runbook(**changes)

    states = start_at_once(office)

    assert states.count(State.APPROVED) == may
    assert states.count(State.REFUSED) == PROCESSES - may
    assert len(office.audited("execution.started")) == may


def test_targets_are_remembered_with_their_latest_touch(office: Office) -> None:
    office.runbook = runbook(limits={})
    begun = office.at
    office.approve(office.ask(inputs={"kind": "a"}), APPROVER)
    office.pass_time(timedelta(minutes=5))
    office.host.items = {"ev_2": 700, "ev_3": 1}
    again = office.at
    office.approve(office.ask(inputs={"kind": "b"}), APPROVER)

    with office.database.read() as conn:
        asked = {"system": "ledger", "runbook": "ledger/dead", "action": "replay"}
        found = touches.since(conn, **asked, after=begun - timedelta(seconds=1))
        lately = touches.since(conn, **asked, after=begun)
        others = touches.since(conn, system="ledger", runbook="ledger/dead", action="unplay", after=begun)

    assert found == {"ev_1": begun, "ev_2": again, "ev_3": again}
    assert set(lately) == {"ev_2", "ev_3"}
    assert others == {}


def test_a_review_is_given_once(office: Office) -> None:
    request_id = office.ask()

    def give() -> bool:
        with office.database.begin() as conn:
            return reviews.add(conn, request_id, person=APPROVER, now=office.at)

    assert give()
    assert not give()
    with office.database.read() as conn:
        found = reviews.of(conn, request_id)
    assert found is not None
    assert (found.person, found.at) == (APPROVER, office.at)


def test_a_request_keeps_what_was_found_about_it(office: Office) -> None:
    office.runbook = runbook(limits={"soft": {"targets": 1}}, windows={
        "freeze": [{"month_days": list(range(1, 32)), "timezone": "UTC", "why": "always"}]
    })  # fmt: skip
    request = office.request(office.ask())

    assert request.requester == REQUESTER
    assert request.incident_id == INCIDENT
    assert request.needs == 2
    assert request.preview is not None
    assert request.preview.unusual == ("2 targets are more than the usual 1",)
    assert request.preview.warnings[0].endswith("(UTC): always")
