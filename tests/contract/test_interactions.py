"""Each thing that Slack sends is taken once."""

import threading
from datetime import timedelta

from bot.store import interactions
from bot.store.database import Database
from tests.kit.moments import NOON


def taken(database: Database, interaction_id: str) -> bool:
    with database.begin() as conn:
        return interactions.first_time(conn, interaction_id, NOON)


def test_the_second_of_two_is_known(database: Database) -> None:
    assert [taken(database, "Ev1"), taken(database, "Ev1"), taken(database, "Ev2")] == [True, False, True]


def test_of_many_at_once_one_is_the_first(database: Database) -> None:
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(taken(database, "Ev1"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [False] * 7 + [True]


def test_what_nobody_can_send_again_is_forgotten(database: Database) -> None:
    taken(database, "Ev1")
    with database.begin() as conn:
        kept = interactions.forget(conn, NOON + timedelta(days=6))
        forgotten = interactions.forget(conn, NOON + timedelta(days=8))

    assert (kept, forgotten) == (0, 1)
