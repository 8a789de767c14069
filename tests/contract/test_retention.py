"""Old webhooks are forgotten once nothing that is open was made of them; on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.jobs.retention import Retention
from bot.store import deliveries
from bot.store.database import Database
from bot.store.deliveries import Delivery, Source
from bot.store.tables import deliveries as rows
from bot.store.tables import incidents
from tests.kit.moments import NOON
from tests.kit.trust import INCIDENT_ROW

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
