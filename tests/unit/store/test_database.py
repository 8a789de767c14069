"""Transactions, waking calls and errors of the database, on SQLite."""

import sqlite3
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.core.errors import SettingsError, Unavailable
from bot.store.database import Database, after_commit, insert_new
from bot.store.tables import interactions, votes
from tests.kit.moments import NOON


def test_a_block_that_ends_commits(sqlite_database: Database) -> None:
    with sqlite_database.begin() as conn:
        conn.execute(interactions.insert().values(id="a", at=NOON))

    with sqlite_database.read() as conn:
        assert conn.execute(select(interactions)).all() == [("a", NOON)]


def test_a_block_that_raises_rolls_back(sqlite_database: Database) -> None:
    def fail() -> None:
        with sqlite_database.begin() as conn:
            conn.execute(interactions.insert().values(id="a", at=NOON))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()

    assert _ids(sqlite_database) == []


def test_schema_changes_roll_back_too(sqlite_database: Database) -> None:
    def fail() -> None:
        with sqlite_database.begin() as conn:
            conn.execute(text("DROP TABLE interactions"))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()

    assert _ids(sqlite_database) == []


def test_a_read_transaction_refuses_to_write(sqlite_database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"), sqlite_database.read() as conn:
        conn.execute(interactions.insert().values(id="a", at=NOON))


def test_a_read_transaction_sees_one_moment_while_others_write(sqlite_database: Database) -> None:
    with sqlite_database.read() as reader:
        before = reader.scalars(select(interactions.c.id)).all()
        with sqlite_database.begin() as writer:
            writer.execute(interactions.insert().values(id="a", at=NOON))

        after = reader.scalars(select(interactions.c.id)).all()

    assert (before, after) == ([], [])
    assert _ids(sqlite_database) == ["a"]


def test_commits_are_on_disk_before_they_are_answered_and_readers_do_not_block(sqlite_database: Database) -> None:
    with sqlite_database.begin() as conn:
        pragmas = {
            name: conn.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL


def test_a_row_that_points_nowhere_is_refused(sqlite_database: Database) -> None:
    vote = {"request_id": "none", "person": "U1", "digest": "d", "choice": "approve", "at": NOON}

    with pytest.raises(IntegrityError), sqlite_database.begin() as conn:
        conn.execute(votes.insert().values(**vote))


def test_writers_take_turns(sqlite_database: Database) -> None:
    def write(number: int) -> None:
        with sqlite_database.begin() as conn:
            seen = len(conn.execute(select(interactions)).all())
            conn.execute(interactions.insert().values(id=f"{seen} before, by {number}", at=NOON))

    writers = [Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [entry.split()[0] for entry in _ids(sqlite_database)] == [str(number) for number in range(8)]


def test_a_hook_is_called_after_the_commit(sqlite_database: Database) -> None:
    seen: list[list[str]] = []

    with sqlite_database.begin() as conn:
        conn.execute(interactions.insert().values(id="a", at=NOON))
        after_commit(conn, lambda: seen.append(_ids(sqlite_database)))

    assert seen == [["a"]]


def test_a_hook_is_not_called_after_a_rollback_nor_by_the_next_transaction(sqlite_database: Database) -> None:
    called: list[str] = []

    def fail() -> None:
        with sqlite_database.begin() as conn:
            after_commit(conn, lambda: called.append("rolled back"))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    with sqlite_database.begin() as conn:
        after_commit(conn, lambda: called.append("committed"))

    assert called == ["committed"]


def test_a_new_row_is_inserted_and_one_whose_key_is_taken_is_not(sqlite_database: Database) -> None:
    with sqlite_database.begin() as conn:
        first = insert_new(conn, interactions, {"id": "a", "at": NOON})
        second = insert_new(conn, interactions, {"id": "a", "at": NOON})

    assert (first, second) == (True, False)


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/nowhere/countersign.db")

    with pytest.raises(Unavailable, match="database is unavailable: unable to open database file"):
        database.version()


def test_a_mistake_in_a_statement_is_not_called_unavailable(sqlite_database: Database) -> None:
    with pytest.raises(OperationalError, match="no such table"), sqlite_database.read() as conn:
        conn.execute(text("SELECT * FROM absent"))


def test_a_database_that_another_process_keeps_locked_is_unavailable(
    sqlite_database: Database,
) -> None:
    with sqlite_database.begin() as conn:
        path = conn.execute(text("PRAGMA database_list")).one().file
        conn.execute(text("PRAGMA busy_timeout = 10"))  # of the one writing connection, which the pool keeps
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="locked"), sqlite_database.begin():
        pass

    other.close()
    assert _ids(sqlite_database) == []


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite://", id="in-memory"),
        pytest.param("sqlite:///:memory:", id="in-memory-by-name"),
        pytest.param("mysql://localhost/countersign", id="another-database"),
    ],
)
def test_a_database_we_cannot_keep_promises_on_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="COUNTERSIGN_DATABASE_URL"):
        Database(url)


def _ids(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.scalars(select(interactions.c.id).order_by(interactions.c.id)))
