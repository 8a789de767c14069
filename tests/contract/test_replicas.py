"""Heartbeats tell the dead from the living, on both databases."""

from datetime import datetime, timedelta

import pytest

from bot.store import replicas
from bot.store.database import Database
from tests.kit.moments import NOON

AFTER = timedelta(seconds=30)
SOON = NOON + timedelta(seconds=30)
LATE = NOON + timedelta(seconds=31)


@pytest.fixture(autouse=True)
def one_beat(database: Database) -> None:
    with database.begin() as conn:
        replicas.beat(conn, name="one", incarnation="first", now=NOON)


def test_a_replica_is_dead_only_when_it_was_silent_for_longer_than_the_limit(database: Database) -> None:
    with database.read() as conn:
        soon, late = (replicas.dead(conn, now=now, after=AFTER) for now in (SOON, LATE))

    assert (soon, late) == ([], ["one"])


def test_a_replica_that_beats_again_lives(database: Database) -> None:
    with database.begin() as conn:
        replicas.beat(conn, name="one", incarnation="first", now=SOON)

        assert replicas.dead(conn, now=LATE, after=AFTER) == []


def test_a_replica_that_said_goodbye_is_not_dead(database: Database) -> None:
    with database.begin() as conn:
        replicas.retire(conn, name="one", incarnation="first")

        assert replicas.dead(conn, now=LATE, after=AFTER) == []


def test_the_goodbye_of_an_earlier_process_does_not_retire_the_one_that_follows(database: Database) -> None:
    with database.begin() as conn:
        replicas.beat(conn, name="one", incarnation="second", now=NOON)

        replicas.retire(conn, name="one", incarnation="first")

        assert replicas.dead(conn, now=LATE, after=AFTER) == ["one"]


def test_a_replica_that_comes_back_after_its_goodbye_can_die_again(database: Database) -> None:
    with database.begin() as conn:
        replicas.retire(conn, name="one", incarnation="first")

        replicas.beat(conn, name="one", incarnation="second", now=NOON)

        assert replicas.dead(conn, now=LATE, after=AFTER) == ["one"]


def test_one_caller_buries_the_dead_and_nobody_the_living(database: Database) -> None:
    with database.begin() as conn:
        too_soon = replicas.bury(conn, name="one", now=SOON, after=AFTER)
        first = replicas.bury(conn, name="one", now=LATE, after=AFTER)
        second = replicas.bury(conn, name="one", now=LATE, after=AFTER)

    assert (too_soon, first, second) == (False, True, False)


@pytest.mark.parametrize(
    ("incarnation", "now", "lives"),
    [
        pytest.param("first", SOON, True, id="beats"),
        pytest.param("first", LATE, False, id="silent"),
        pytest.param("earlier", SOON, False, id="another-process-of-the-name"),
    ],
)
def test_a_process_is_alive_while_it_beats(database: Database, incarnation: str, now: datetime, lives: bool) -> None:
    with database.read() as conn:
        assert replicas.is_alive(conn, incarnation, now=now, after=AFTER) is lives


def test_a_process_that_another_of_its_name_followed_is_not_alive(database: Database) -> None:
    with database.begin() as conn:
        replicas.beat(conn, name="one", incarnation="second", now=NOON)

        assert not replicas.is_alive(conn, "first", now=NOON, after=AFTER)
