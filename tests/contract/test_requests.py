"""Requests and votes as rows, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from bot.core.evidence import Answer, Cell, Column, Failure, Reason, Shown, Table
from bot.desk import Declined, Done, vote
from bot.engine.approval import Choice, Vote
from bot.engine.request import LEADS_TO, PreviewShown, Request, State, TargetSet, is_as_approved
from bot.store import requests
from bot.store.database import Database
from tests.kit.moments import NOON
from tests.kit.trust import APPROVER, LEAD, SECOND, Office, runbook

COLUMNS = (
    Column(name="id", shown=Shown.ID),
    Column(name="share", shown=Shown.RATIO),
    Column(name="at", shown=Shown.TIME),
    Column(name="late", shown=Shown.FLAG),
)


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database=database)
    made.open_incident()
    return made


def preparing(office: Office) -> Request:
    office.handlers = {**office.handlers, "prepare": lambda _request_id: None}
    return office.request(office.ask())


def freeze(office: Office, request: Request, *rows: tuple[Cell, ...]) -> str | None:
    table = Table(columns=COLUMNS, rows=rows)
    with office.database.begin() as conn:
        return requests.freeze(
            conn,
            request.id,
            params={"tenant": "ü"},
            inputs={"since": "1h", "count": 3, "flag": True, "none": None},
            targets=TargetSet(ids=tuple(str(row[0]) for row in rows), table=table),
            preview=PreviewShown(
                answer=Answer(table=table, status=200),
                say="so",
                before={"gone": Failure(reason=Reason.TIMEOUT, message="no answer")},
            ),
            needs=1,
            expires_at=NOON + timedelta(minutes=30),
        )


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(0.005, id="ratio"),
        pytest.param(1.0, id="whole-float"),
        pytest.param(1e-9, id="tiny"),
        pytest.param(1e21, id="beyond-a-long"),
        pytest.param(-0.0, id="minus-zero"),
        pytest.param(float("nan"), id="not-a-number"),
        pytest.param(2**53 + 1, id="beyond-a-double"),
        pytest.param(NOON, id="a-time"),
        pytest.param("naïve \\u0041 \U0001f4b6", id="text"),
        pytest.param(None, id="nothing"),
        pytest.param(True, id="a-flag"),
    ],
)
def test_a_digest_holds_whatever_the_database_makes_of_a_value(office: Office, cell: Cell) -> None:
    request = preparing(office)

    digest = freeze(office, request, ("a", cell, NOON, True))

    kept = office.request(request.id)
    assert (kept.state, kept.digest) == (State.OPEN, digest)
    assert is_as_approved(kept)


def test_a_request_is_read_as_it_was_frozen(office: Office) -> None:
    request = preparing(office)

    freeze(office, request, ("a", 0.5, NOON, True), ("b", 1.5, None, False))

    kept = office.request(request.id)
    assert kept.targets is not None
    assert kept.preview is not None
    assert kept.targets.ids == ("a", "b")
    assert kept.inputs == {"since": "1h", "count": 3, "flag": True, "none": None}
    assert kept.params == {"tenant": "ü"}
    assert kept.preview.before == {"gone": Failure(reason=Reason.TIMEOUT, message="no answer")}
    assert kept.expires_at == NOON + timedelta(minutes=30)


def test_a_request_is_frozen_once(office: Office) -> None:
    request = preparing(office)

    first, second = freeze(office, request, ("a", 1, NOON, True)), freeze(office, request, ("b", 2, NOON, True))

    assert first is not None
    assert second is None
    assert office.digest(request.id) == first


@pytest.mark.parametrize("to", [*State])
@pytest.mark.parametrize("begins", [*State])
def test_a_request_takes_only_the_steps_there_are(office: Office, begins: State, to: State) -> None:
    request = preparing(office)
    for state in _way_to(begins):
        with office.database.begin() as conn:
            assert requests.move(conn, request.id, to=state, now=NOON)

    with office.database.begin() as conn:
        moved = requests.move(conn, request.id, to=to, now=NOON, note="why")

    assert moved is (to in LEADS_TO[begins])
    assert office.request(request.id).state is (to if moved else begins)


def _way_to(state: State) -> list[State]:
    match state:
        case State.PREPARING:
            return []
        case State.OPEN | State.REFUSED:
            return [state]
        case _:
            return [State.OPEN, state]


def test_a_person_s_second_vote_is_not_written(office: Office) -> None:
    request = office.request(office.ask())

    def cast(choice: Choice, at: datetime) -> bool:
        given = Vote(person=APPROVER, choice=choice, digest="d" * 64, reason=None, at=at)
        with office.database.begin() as conn:
            return requests.add_vote(conn, request.id, given)

    assert cast(Choice.APPROVE, NOON)
    assert not cast(Choice.DENY, NOON + timedelta(seconds=1))
    with office.database.read() as conn:
        assert [each.choice for each in requests.votes_of(conn, request.id)] == [Choice.APPROVE]


def test_many_clicks_at_once_are_one_vote_each_and_one_execution(office: Office) -> None:
    office.runbook = runbook(risk="high")
    request_id = office.ask()
    digest = office.digest(request_id)
    clicks = [APPROVER, SECOND, LEAD] * 4
    together = Barrier(len(clicks))

    def click(person: str) -> Done | Declined:
        together.wait()
        return vote(office.desk, person=person, request_id=request_id, digest=digest)

    with ThreadPoolExecutor(len(clicks)) as threads:
        told = list(threads.map(click, clicks))

    assert sum(isinstance(each, Done) for each in told) == 2
    assert len(office.audited("request.voted")) == 2
    assert len(office.audited("request.approved")) == 1
    office.work()
    assert len(office.host.effects) == 1
