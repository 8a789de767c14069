"""The audit grows by its next entry and by nothing else, and shows whatever was done to it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from bot.core.errors import BadInput
from bot.store import audit
from bot.store.audit import Checkpoint, Fault, Finding
from bot.store.database import Database
from bot.store.tables import audit as table
from tests.kit.databases import PostgreSQL
from tests.kit.moments import NOON
from tests.kit.tampering import tamper


def write(database: Database, count: int, *, incident_id: str = "i") -> None:
    for number in range(count):
        with database.begin() as conn:
            audit.append(
                conn,
                kind="request.voted",
                actor="U0FIRST",
                now=NOON + timedelta(microseconds=number),
                incident_id=incident_id,
                data={"number": number, "word": "ü"},
            )


def verdict(database: Database, checkpoint: Checkpoint | None = None) -> audit.Verdict:
    with database.read() as conn:
        return audit.verify(conn, checkpoint=checkpoint)


def head(database: Database) -> Checkpoint:
    with database.read() as conn:
        found = audit.head(conn)
    assert found is not None
    return found


def test_an_empty_audit_is_intact(database: Database) -> None:
    assert verdict(database) == audit.Verdict(entries=0, head=None, findings=())


def test_entries_are_numbered_without_gaps_and_intact(database: Database) -> None:
    write(database, 5)

    found = verdict(database, head(database))

    assert found.is_intact
    assert (found.entries, found.head) == (5, head(database))


def test_an_entry_that_was_rolled_back_leaves_no_gap(database: Database) -> None:
    write(database, 1)

    def fail_after_writing() -> None:
        with database.begin() as conn:
            audit.append(conn, kind="a.b", actor="x", now=NOON, data={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()
    write(database, 1)

    assert verdict(database).is_intact
    assert head(database).seq == 2


def test_writers_at_once_form_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(write, database, 5) for _ in range(8)]:
            done.result()

    found = verdict(database)

    assert found.is_intact
    assert found.entries == 40


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(update(table).where(table.c.seq == 2).values(actor="U0LIAR"), id="update"),
        pytest.param(delete(table).where(table.c.seq == 2), id="delete"),
        pytest.param(delete(table).where(table.c.seq == 3), id="delete-the-last"),
    ],
)
def test_the_database_itself_refuses_changes(database: Database, change: object) -> None:
    write(database, 3)

    with pytest.raises(DBAPIError, match="append-only"), database.begin() as conn:
        conn.execute(change)  # type: ignore[call-overload]  # an update or a delete

    assert verdict(database).is_intact


@pytest.mark.parametrize("seq", [1, 3, 5, 7], ids=["taken", "the-last", "one-ahead", "far-ahead"])
def test_the_database_takes_the_next_entry_only(database: Database, seq: int) -> None:
    write(database, 3)
    row = {"seq": seq, "at": NOON, "kind": "a.b", "actor": "x", "data": "{}", "previous": "0" * 64, "hash": "0" * 64}

    with pytest.raises(DBAPIError), database.begin() as conn:
        conn.execute(insert(table).values(**row))


def test_the_database_refuses_to_replace_an_entry(sqlite_database: Database) -> None:
    write(sqlite_database, 3)
    replacing = text("INSERT OR REPLACE INTO audit SELECT seq, at, kind, 'U0LIAR', incident_id, request_id, data, "
                     "previous, hash FROM audit WHERE seq = 3")  # fmt: skip

    with pytest.raises(DBAPIError, match="next entry only"), sqlite_database.begin() as conn:
        conn.execute(replacing)


def test_postgresql_refuses_to_empty_the_audit(postgresql: PostgreSQL) -> None:
    with postgresql.fresh() as url, closing(Database(url)) as database:
        write(database, 1)

        with pytest.raises(DBAPIError, match="append-only"), database.begin() as conn:
            conn.execute(text("TRUNCATE audit"))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"actor": "U0LIAR"}, id="actor"),
        pytest.param({"at": datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)}, id="time"),
        pytest.param({"kind": "request.denied"}, id="kind"),
        pytest.param({"incident_id": "other"}, id="incident"),
        pytest.param({"request_id": "other"}, id="request"),
        pytest.param({"data": '{"number":9,"word":"ü"}'}, id="data"),
    ],
)
def test_an_edited_entry_is_found(database: Database, values: dict[str, object]) -> None:
    write(database, 4)

    tamper(database, lambda conn: conn.execute(update(table).where(table.c.seq == 2).values(**values)))

    assert verdict(database).findings == (Finding(seq=2, fault=Fault.EDITED),)


def test_an_entry_edited_and_sealed_anew_breaks_the_link_to_the_next(database: Database) -> None:
    write(database, 4)

    def forge(conn: Connection) -> None:
        row = conn.execute(select(table).where(table.c.seq == 2)).one()
        forged = audit.Entry(**{**row._mapping, "actor": "U0LIAR"})
        conn.execute(update(table).where(table.c.seq == 2).values(actor="U0LIAR", hash=forged.seal))

    tamper(database, forge)

    assert verdict(database).findings == (Finding(seq=3, fault=Fault.UNLINKED),)


def test_a_removed_entry_is_found(database: Database) -> None:
    write(database, 4)

    tamper(database, lambda conn: conn.execute(delete(table).where(table.c.seq.in_([2, 3]))))

    assert verdict(database).findings == (Finding(seq=4, fault=Fault.MISSING),)


def test_a_removed_first_entry_is_found(database: Database) -> None:
    write(database, 3)

    tamper(database, lambda conn: conn.execute(delete(table).where(table.c.seq == 1)))

    assert verdict(database).findings == (Finding(seq=2, fault=Fault.MISSING),)


def test_entries_that_changed_places_are_found(database: Database) -> None:
    write(database, 4)

    def swap(conn: Connection) -> None:
        for old, new in ((2, 100), (3, 2), (100, 3)):
            conn.execute(update(table).where(table.c.seq == old).values(seq=new))

    tamper(database, swap)

    assert {finding.seq for finding in verdict(database).findings} == {2, 3, 4}


def test_a_cut_end_is_found_against_a_checkpoint_and_not_without_one(database: Database) -> None:
    write(database, 5)
    noted = head(database)

    tamper(database, lambda conn: conn.execute(delete(table).where(table.c.seq > 3)))

    assert verdict(database).is_intact
    assert verdict(database, noted).findings == (Finding(seq=5, fault=Fault.TRUNCATED),)


def test_a_cut_end_that_was_grown_over_is_found_against_a_checkpoint(database: Database) -> None:
    write(database, 5)
    noted = head(database)

    tamper(database, lambda conn: conn.execute(delete(table).where(table.c.seq > 3)))
    write(database, 3, incident_id="other")

    assert verdict(database).is_intact
    assert verdict(database, noted).findings == (Finding(seq=5, fault=Fault.REPLACED),)


def test_the_verdict_says_what_is_wrong_and_where(database: Database) -> None:
    write(database, 3)
    tamper(database, lambda conn: conn.execute(update(table).where(table.c.seq == 2).values(actor="U0LIAR")))

    found = verdict(database)
    assert found.sentence == "3 entries, NOT intact: 1 finding"
    assert found.findings[0].sentence.startswith("entry 2 (edited): what it says is not what its hash was made of")


def test_an_export_holds_one_incident_in_order(database: Database) -> None:
    write(database, 2, incident_id="one")
    write(database, 1, incident_id="two")
    write(database, 1, incident_id="one")

    with database.read() as conn:
        found = audit.export(conn, "one")

    assert [entry.seq for entry in found] == [1, 2, 4]
    assert all(entry.seal == entry.hash for entry in found)


def test_a_checkpoint_is_read_as_it_is_written(database: Database) -> None:
    write(database, 1)

    assert Checkpoint.parse(str(head(database))) == head(database)


@pytest.mark.parametrize("spelled", ["", "1", "1:", ":" + "0" * 64, "x:" + "0" * 64, "1:" + "0" * 63, "²:" + "0" * 64])
def test_a_malformed_checkpoint_is_said_to_be_one(spelled: str) -> None:
    with pytest.raises(BadInput, match="SEQ:HASH"):
        Checkpoint.parse(spelled)
