"""The database ports: reads that cannot write, and one change that is all or nothing."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from bot.adapters.database import Reader, Writer
from bot.core.errors import Refused, TimedOut, Unavailable, Unknown
from bot.core.ports import Change, ReadDatabase, Rows, WriteDatabase
from tests.kit.databases import PostgreSQL
from tests.kit.fakes import FakeReadDatabase, FakeWriteDatabase
from tests.kit.waiting import eventually

SCHEMA = """
create table dunning (id int primary key, step text not null, completed boolean not null, reason text);
insert into dunning values (1, 'day3', false, null), (2, 'day7', false, null), (3, 'day7', true, 'PAID');
create table other (n int);
"""


class Host:
    """A host's database and the DSNs of its roles."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.engine: Engine = create_engine(owner, isolation_level="AUTOCOMMIT")

    def dsn(self, role: str) -> str:
        # As people write it: without the driver.
        return make_url(self.owner).set(drivername="postgresql", username=role).render_as_string(hide_password=False)

    def execute(self, statement: str) -> None:
        with self.engine.connect() as conn:
            conn.execute(text(statement))

    def session(self) -> Connection:
        """Somebody else's transaction."""
        return self.engine.execution_options(isolation_level="READ COMMITTED").connect()

    def rows(self) -> list[tuple[object, ...]]:
        with self.engine.connect() as conn:
            return [tuple(row) for row in conn.execute(text("select id, completed, reason from dunning order by id"))]


@pytest.fixture
def host(postgresql: PostgreSQL) -> Iterator[Host]:
    with postgresql.fresh(migrated=False) as url:
        made = Host(url)
        for role in ("reader", "writer", "columnist"):
            made.execute(f"do $$ begin create role {role} login; exception when duplicate_object then null; end $$")
        for statement in SCHEMA.strip().split(";\n"):
            made.execute(statement.rstrip(";"))
        made.execute("grant select on all tables in schema public to reader, writer, columnist")
        made.execute("grant update on dunning to writer")
        made.execute("grant update (reason) on dunning to columnist")
        yield made
        made.engine.dispose()


@contextmanager
def reading(dsn: str, *, trusted: bool = False) -> Iterator[Reader]:
    with closing(Reader(dsn, name="db", trusted=trusted)) as reader:
        yield reader


@pytest.fixture(params=["fake", "postgresql", "sqlite"])
def three_rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadDatabase]:
    """A database whose `select id, step from dunning order by id` gives three rows."""
    if request.param == "fake":
        yield FakeReadDatabase(columns=("id", "step"), rows=[(1, "day3"), (2, "day7"), (3, "day7")])
        return
    if request.param == "postgresql":
        with reading(request.getfixturevalue("host").dsn("reader")) as reader:
            yield reader
        return
    path = tmp_path / "host.db"
    owner = create_engine(f"sqlite:///{path}")
    with owner.begin() as conn:
        for statement in SCHEMA.strip().split(";\n"):
            conn.execute(text(statement))
    owner.dispose()
    with reading(f"sqlite:///{path}") as reader:
        yield reader


QUERY = "select id, step from dunning order by id"


@pytest.mark.parametrize(("limit", "cut"), [(2, True), (3, False), (10, False)])
def test_rows_are_cut_at_the_limit_and_it_says_so(three_rows: ReadDatabase, limit: int, cut: bool) -> None:
    rows = three_rows.read(QUERY, binds={}, limit=limit, timeout=5)

    assert rows == Rows(columns=("id", "step"), rows=((1, "day3"), (2, "day7"), (3, "day7"))[:limit], cut=cut)


def test_values_are_bound_and_never_part_of_the_statement(host: Host) -> None:
    with reading(host.dsn("reader")) as reader:
        rows = reader.read(
            "select :x as x, cast(:ids as text[]) as ids, :at > now() as later, 'a%b\\_' as p, 1::bigint as n",
            binds={"x": "'; drop table dunning; --", "ids": ["a", "b"], "at": datetime.now(UTC) + timedelta(days=1)},
            limit=5,
            timeout=5,
        )

    assert rows.rows == (("'; drop table dunning; --", ["a", "b"], True, "a%b\\_", 1),)


def test_an_empty_list_matches_nothing(host: Host) -> None:
    with reading(host.dsn("reader")) as reader:
        rows = reader.read(
            "select id from dunning where cast(id as text) = any(:ids)", binds={"ids": []}, limit=5, timeout=5
        )

    assert rows.rows == ()


def test_values_come_as_python_has_them_and_times_in_utc(host: Host) -> None:
    with reading(host.dsn("reader")) as reader:
        rows = reader.read(
            "select cast('00000000-0000-0000-0000-000000000007' as uuid), 1.5::numeric, "
            "timestamptz '2026-01-01 02:00+02', timestamp '2026-01-01 00:00' = timestamptz '2026-01-01 00:00Z'",
            binds={},
            limit=5,
            timeout=5,
        )

    assert rows.rows == ((UUID(int=7), Decimal("1.5"), datetime(2026, 1, 1, tzinfo=UTC), True),)


def test_a_list_may_be_bound_on_sqlite_as_json(tmp_path: Path) -> None:
    path = tmp_path / "host.db"
    create_engine(f"sqlite:///{path}").connect().close()

    with reading(f"sqlite:///{path}") as reader:
        rows = reader.read("select value from json_each(:ids)", binds={"ids": ["a", "b"]}, limit=5, timeout=5)

    assert rows.rows == (("a",), ("b",))


@pytest.mark.parametrize(
    "statement",
    [
        "update dunning set completed = true",
        "delete from dunning",
        "with gone as (delete from dunning returning id) select id from gone",
        "select 1; delete from dunning",
        "create table mine (n int)",
        "select setval('s', 1)",
    ],
)
def test_a_read_never_writes_whatever_the_role_may(host: Host, statement: str) -> None:
    host.execute("create sequence s")
    before = host.rows()

    with reading(host.owner, trusted=True) as reader, pytest.raises(Refused):
        reader.read(statement, binds={}, limit=5, timeout=5)

    assert host.rows() == before


@pytest.mark.parametrize(
    ("role", "may"),
    [
        pytest.param("reader", None, id="a role that may only select"),
        pytest.param("writer", "may change public.dunning", id="a role that may update a table"),
        pytest.param("columnist", "may change public.dunning", id="a role that may update one column"),
        pytest.param("postgres", "is a superuser", id="a superuser"),
    ],
)
def test_it_knows_whether_its_role_may_write(host: Host, role: str, may: str | None) -> None:
    with reading(host.dsn(role)) as reader:
        assert reader.may_write() == may


def test_a_role_that_may_write_is_refused_before_its_first_question(host: Host) -> None:
    with reading(host.dsn("writer")) as reader, pytest.raises(Refused, match="only select"):
        reader.read(QUERY, binds={}, limit=5, timeout=5)

    with reading(host.dsn("writer"), trusted=True) as reader:
        assert len(reader.read(QUERY, binds={}, limit=5, timeout=5).rows) == 3


def test_a_sqlite_file_is_opened_read_only(tmp_path: Path) -> None:
    path = tmp_path / "host.db"
    owner = create_engine(f"sqlite:///{path}")
    with owner.begin() as conn:
        conn.execute(text("create table t (n int)"))
    owner.dispose()

    with reading(f"sqlite:///{path}") as reader:
        assert reader.may_write() is None
        with pytest.raises(Refused):
            reader.read("insert into t values (1) returning n", binds={}, limit=5, timeout=5)


def test_a_slow_statement_is_ended_at_its_deadline(host: Host) -> None:
    with reading(host.dsn("reader")) as reader, pytest.raises(TimedOut):
        reader.read("select pg_sleep(20)", binds={}, limit=5, timeout=0.2)


def test_a_slow_statement_is_ended_on_sqlite_too(tmp_path: Path) -> None:
    path = tmp_path / "host.db"
    create_engine(f"sqlite:///{path}").connect().close()
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"

    with reading(f"sqlite:///{path}") as reader, pytest.raises(TimedOut):
        reader.read(endless, binds={}, limit=5, timeout=0.2)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select x from missing", "missing"),
        ("select nothing from dunning", "nothing"),
        ("selekt 1", "syntax error"),
        ("select cast('x' as uuid)", "invalid input"),
        ("select * from secret", "permission denied"),
    ],
)
def test_a_wrong_statement_is_refused_with_the_databases_reason(host: Host, query: str, why: str) -> None:
    host.execute("create table secret (n int)")

    with reading(host.dsn("reader")) as reader, pytest.raises(Refused, match=why):
        reader.read(query, binds={}, limit=5, timeout=5)


def test_a_server_that_is_not_there_is_unavailable_and_says_no_password(tmp_path: Path) -> None:
    dsn = f"postgresql://u:hunter2@/db?host={tmp_path}"

    with reading(dsn) as reader, pytest.raises(Unavailable) as caught:
        reader.read("select 1", binds={}, limit=5, timeout=5)

    assert "hunter2" not in str(caught.value)


def test_a_server_that_turns_us_away_says_why(host: Host) -> None:
    with reading(host.dsn("nobody")) as reader, pytest.raises(Unavailable, match='"nobody" does not exist'):
        reader.read(QUERY, binds={}, limit=5, timeout=5)


def test_a_dsn_of_another_database_is_refused() -> None:
    with pytest.raises(Refused, match="postgresql"):
        Reader("mysql://u@h/db", name="db")


def test_a_connection_that_was_closed_meanwhile_is_replaced(host: Host) -> None:
    with reading(host.dsn("reader")) as reader:
        reader.read(QUERY, binds={}, limit=5, timeout=5)
        host.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'")

        rows = reader.read(QUERY, binds={}, limit=5, timeout=5)

    assert len(rows.rows) == 3


ALL_PENDING = "select id, step, completed from dunning where not completed order by id for update"


def skip(*ids: str, **other: object) -> Change:
    values = {
        "lock": "select id, step, completed from dunning where not completed and cast(id as text) = any(:ids) "
        "order by id for update",
        "statement": "update dunning set completed = true, reason = :reason "
        "where not completed and cast(id as text) = any(:ids)",
        "binds": {"ids": list(ids), "reason": "EMERGENCY_SKIP"},
        "id_column": "id",
        "expected": frozenset(ids),
        "columns": ("id", "completed"),
        "max_rows": 10,
        **other,
    }
    return Change(**values)  # type: ignore[arg-type]  # one field is replaced by the test


@pytest.fixture(params=["fake", "postgresql"])
def two_pending(request: pytest.FixtureRequest) -> Iterator[WriteDatabase]:
    """A database where rows 1 and 2 are pending."""
    if request.param == "fake":
        yield FakeWriteDatabase(("id", "step", "completed"), {"1": (1, "day3", False), "2": (2, "day7", False)})
        return
    with closing(Writer(request.getfixturevalue("host").dsn("writer"), name="database")) as writer:
        yield writer


def test_a_change_returns_the_rows_as_they_were(two_pending: WriteDatabase) -> None:
    before = two_pending.change(skip("1", "2"), timeout=5)

    assert before == Rows(columns=("id", "step", "completed"), rows=((1, "day3", False), (2, "day7", False)), cut=False)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(skip("1", lock=ALL_PENDING), id="more rows than approved"),
        pytest.param(skip("1", "2", "9"), id="an approved row is gone"),
        pytest.param(skip("1", "2", max_rows=1), id="more than it may touch"),
        pytest.param(skip("1", "2", columns=("id", "amount")), id="a snapshot without a declared column"),
        pytest.param(skip("1", "2", id_column="uuid"), id="a snapshot without ids"),
    ],
)
def test_a_change_of_other_than_the_approved_rows_is_refused(two_pending: WriteDatabase, change: Change) -> None:
    with pytest.raises(Refused):
        two_pending.change(change, timeout=5)


@pytest.fixture
def writer(host: Host) -> Iterator[Writer]:
    with closing(Writer(host.dsn("writer"), name="dunning")) as made:
        yield made


PENDING = [(1, False, None), (2, False, None), (3, True, "PAID")]


def test_a_change_changes_exactly_the_approved_rows(host: Host, writer: Writer) -> None:
    writer.change(skip("1"), timeout=5)

    assert host.rows() == [(1, True, "EMERGENCY_SKIP"), (2, False, None), (3, True, "PAID")]


def test_a_refused_change_has_changed_nothing(host: Host, writer: Writer) -> None:
    with pytest.raises(Refused, match="1 of 3 are gone, 0 are new"):
        writer.change(skip("1", "2", "9"), timeout=5)

    assert host.rows() == PENDING


def test_a_statement_that_would_change_other_rows_than_locked_is_rolled_back(host: Host, writer: Writer) -> None:
    with pytest.raises(Refused, match="would change 3 rows, not the 2 locked"):
        writer.change(
            skip("1", "2", statement="update dunning set reason = 'X'", binds={}, lock=ALL_PENDING), timeout=5
        )

    assert host.rows() == PENDING


def test_rows_that_somebody_else_holds_are_not_waited_for_for_ever(host: Host, writer: Writer) -> None:
    with host.session() as other:
        other.execute(text("select 1 from dunning where id = 1 for update"))

        with pytest.raises(Unavailable, match=r"holds the rows|no answer"):
            writer.change(skip("1", "2"), timeout=0.2)

        other.rollback()
    assert host.rows() == PENDING


def test_a_change_waits_for_a_shorter_change_and_then_sees_its_rows(host: Host, writer: Writer) -> None:
    """Between the approval and the lock somebody completes row 2: then the rows are no longer those approved."""
    entered = Event()
    event.listen(
        writer._engine, "before_cursor_execute", lambda *args: entered.set() if "for update" in args[2] else None
    )
    errors: list[Exception] = []

    def change() -> None:
        try:
            writer.change(skip("1", "2"), timeout=10)
        except Refused as error:
            errors.append(error)

    with host.session() as other:
        other.execute(text("update dunning set completed = true where id = 2"))
        thread = Thread(target=change)
        thread.start()
        assert entered.wait(10)
        assert eventually(lambda: _waiting(host))
        other.commit()
        thread.join(10)

    assert [type(error) for error in errors] == [Refused]
    assert host.rows()[0] == (1, False, None)


def _waiting(host: Host) -> bool:
    with host.engine.connect() as conn:
        query = "select count(*) from pg_stat_activity where usename = 'writer' and wait_event_type = 'Lock'"
        return bool(conn.scalar(text(query)))


@pytest.mark.parametrize("moment", ["before_cursor_execute", "commit"])
def test_a_connection_lost_at_the_commit_is_unknown_and_before_it_is_not(
    host: Host, writer: Writer, moment: str
) -> None:
    def end(*args: object) -> None:
        if moment == "commit" or "update dunning" in str(args[2]):
            host.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'writer'")

    event.listen(writer._engine, moment, end)

    with pytest.raises(Unknown if moment == "commit" else Unavailable):
        writer.change(skip("1", "2"), timeout=5)

    assert host.rows() == PENDING


def test_a_commit_that_the_database_refuses_is_known_not_to_have_happened(host: Host, writer: Writer) -> None:
    host.execute("alter table dunning add constraint late unique (reason) deferrable initially deferred")

    with pytest.raises(Refused, match="late"):
        writer.change(skip("1", "2"), timeout=5)

    assert host.rows() == PENDING


def test_a_role_without_the_right_is_refused(host: Host) -> None:
    with (
        closing(Writer(host.dsn("reader"), name="dunning")) as writer,
        pytest.raises(Refused, match="permission denied"),
    ):
        writer.change(skip("1", "2"), timeout=5)


def test_changes_are_made_in_postgresql_only(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="PostgreSQL only"):
        Writer(f"sqlite:///{tmp_path / 'host.db'}", name="dunning")
