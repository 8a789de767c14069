"""Old webhooks are forgotten once nothing that is open was made of them; on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.core.evidence import Failure
from bot.jobs.retention import Retention
from bot.store import deliveries
from bot.store.database import Database
from bot.store.deliveries import Delivery, Source
from bot.store.tables import answers, diagnoses, incidents
from bot.store.tables import deliveries as rows
from tests.kit.moments import NOON
from tests.kit.trust import INCIDENT, INCIDENT_ROW

DAY = timedelta(days=1)


def came(database: Database, *days_ago: int, is_folded: bool = True) -> None:
    with database.begin() as conn:
        came = [Delivery(source=Source.ALERTMANAGER, received_at=NOON - days * DAY, body=b"{}") for days in days_ago]
        numbers = deliveries.add(conn, came)
        if is_folded:
            deliveries.folded(conn, numbers, now=NOON)


def kept(database: Database) -> list[int]:
    """How many days ago each came that is there still."""
    with database.read() as conn:
        return [(NOON - at).days for at in conn.scalars(select(rows.c.received_at).order_by(rows.c.seq))]


def tidy(database: Database, *, keep: timedelta | None = 90 * DAY) -> int:
    return Retention(database=database, keep=keep, now=lambda: NOON)()


def test_what_is_older_than_it_is_kept_goes_and_the_rest_stays(database: Database) -> None:
    came(database, 120, 91, 89, 1)

    assert tidy(database) == 2
    assert kept(database) == [89, 1]


def test_what_was_never_folded_stays(database: Database) -> None:
    came(database, 120, is_folded=False)
    came(database, 119, 1)

    tidy(database)

    assert kept(database) == [120, 1]


@pytest.mark.parametrize(("state", "left"), [("firing", [100, 95, 1]), ("resolved", [1])])
def test_what_came_since_an_open_incident_was_opened_stays(database: Database, state: str, left: list[int]) -> None:
    with database.begin() as conn:
        conn.execute(insert(incidents).values(**{**INCIDENT_ROW, "opened_at": NOON - 101 * DAY}))
        conn.execute(update(incidents).values(state=state))
    came(database, 120, 100, 95, 1)

    tidy(database)

    assert kept(database) == left


def test_many_go_in_small_pieces_and_the_newest_keeps_its_number(database: Database) -> None:
    came(database, *([200] * 1201))

    assert tidy(database) == 1200
    assert len(kept(database)) == 1


def test_where_all_is_kept_nothing_goes(database: Database) -> None:
    came(database, 5000, 1)

    assert tidy(database, keep=None) == 0
    assert kept(database) == [5000, 1]


def diagnosed(database: Database, *, ended_days_ago: int | None, diagnosed_days_ago: int = 100) -> None:
    """An incident with one answer, which has ended or is open."""
    at = NOON - diagnosed_days_ago * DAY
    resolved = {} if ended_days_ago is None else {"state": "resolved", "resolved_at": NOON - ended_days_ago * DAY}
    with database.begin() as conn:
        conn.execute(insert(incidents).values(**{**INCIDENT_ROW, "diagnoses": 1, **resolved}))
        conn.execute(
            insert(diagnoses).values(incident_id=INCIDENT, number=1, content="r" * 64, ordered_at=at, finished_at=at)
        )
        evidence = {"kind": "failure", "reason": "unavailable", "message": "away"}
        conn.execute(
            insert(answers).values(
                incident_id=INCIDENT,
                number=1,
                question="health",
                position=0,
                evidence=Failure.model_validate(evidence).model_dump(mode="json"),
                asked_at=at,
                took=1,
            )
        )


@pytest.mark.parametrize(
    ("ended_days_ago", "diagnosed_days_ago", "left"),
    [
        pytest.param(None, 100, 1, id="open"),
        pytest.param(1, 100, 1, id="ended-lately"),
        pytest.param(95, 1, 1, id="asked-lately"),
        pytest.param(95, 100, 0, id="ended-long-ago"),
    ],
)
def test_answers_of_incidents_that_ended_long_ago_go(
    database: Database, ended_days_ago: int | None, diagnosed_days_ago: int, left: int
) -> None:
    diagnosed(database, ended_days_ago=ended_days_ago, diagnosed_days_ago=diagnosed_days_ago)

    tidy(database)

    with database.read() as conn:
        assert len(conn.execute(select(answers)).all()) == left
        assert len(conn.execute(select(diagnoses)).all()) == 1
