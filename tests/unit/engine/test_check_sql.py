"""The light SQL check: what it must find, and what it must leave alone."""

import pytest

from bot.core.evidence import Shown
from bot.core.expression import Expression
from bot.engine.check_sql import findings, tokens
from bot.steps import SqlChange, SqlRead


def read(query: str, *columns: str, **params: str) -> list[str]:
    step = SqlRead(
        at="db",
        query=query,
        params={name: Expression(source) for name, source in params.items()},
        columns=dict.fromkeys(columns or ("id",), Shown.ID),
    )
    return [what for _, what in findings(step)]


def change(lock: str, statement: str) -> list[str]:
    step = SqlChange(at="db", lock=lock, statement=statement, columns={"id": Shown.ID}, max_rows=10)
    return [what for _, what in findings(step)]


LOCK = "select id from t where id = any(:ids) for update"
STATEMENT = "update t set a = 1 where id = any(:ids)"


@pytest.mark.parametrize(
    "query",
    [
        "select id from t",
        "SELECT t.id FROM t -- a remark; with a semicolon\n",
        "select id /* ; delete */ from t",
        "select id, 'it''s; update * :x'::text as a from t".replace(":x", "x"),
        "with recent as (select id from t) select id from recent",
        "select id, count(*) filter (where a > 0) as n, 2 * n, n * 2, (a + b) * c from t group by id",
        "select id, errors[array_upper(errors, 1)]->>'error' as e from t where args->>'x' = 'y'",
        "select id from t where at > now() - interval '30 minutes' and a::date = '2026-11-20'",
        "select id from t where a like 'accrue\\_%' and note = '12:30'",
        'select "id", "tenantId" from "payment_events"',
        "select id from t where updated_at < now() and deleted_at is null and inserted_by = 'x'",
        "select id, replace(a, 'x', 'y') as a, $tag$ ; drop $tag$ as b from t",
        "select id from a union all select id from b order by id limit 5",
    ],
)
def test_an_ordinary_question_has_no_finding(query: str) -> None:
    assert read(query) == []


@pytest.mark.parametrize(
    ("query", "what"),
    [
        pytest.param("select * from t", "name the columns", id="star"),
        pytest.param("select distinct * from t", "name the columns", id="distinct-star"),
        pytest.param("select id, t.* from t", "name the columns", id="star-of-a-table"),
        pytest.param("select id from t where id in (select * from u)", "name the columns", id="star-inside"),
        pytest.param("select id from t; delete from t", "no semicolon", id="two-statements"),
        pytest.param("update t set id = 1", "one SELECT", id="update"),
        pytest.param("explain select id from t", "one SELECT", id="explain"),
        pytest.param("(select id from t)", "one SELECT", id="brackets"),
        pytest.param("", "one SELECT", id="empty"),
        pytest.param(
            "with x as (delete from t returning id) select id from x", "delete cannot be in it", id="with-delete"
        ),
        pytest.param(
            "WITH x AS (INSERT INTO t VALUES (1)) SELECT id FROM x", "insert, into cannot be", id="with-insert"
        ),
        pytest.param("select id into u from t", "into cannot be in it", id="select-into"),
        pytest.param("select id from t for update", "update cannot be in it", id="for-update"),
        pytest.param("select id from t for no key update", "update cannot be in it", id="for-no-key-update"),
        pytest.param("select id from t for share", "lock rows", id="for-share"),
        pytest.param("select id, pg_sleep(100) from t", "pg_sleep does more", id="sleep"),
        pytest.param("select id, nextval('s') from t", "nextval does more", id="sequence"),
        pytest.param("select id, pg_read_file('/etc/passwd') from t", "pg_read_file does more", id="file"),
        pytest.param("select id, set_config('a', 'b', false) from t", "set_config does more", id="setting"),
        pytest.param("select id, dblink_exec('x') from t", "dblink_exec does more", id="another-database"),
        pytest.param("select id from t where a = :a", ":a has no value", id="no-value"),
        pytest.param("select id from t where a = ':a'", "stands in quoted text", id="parameter-in-text"),
        pytest.param("select id from t -- :a", "stands in quoted text or a comment", id="parameter-in-a-remark"),
        pytest.param("select ident from t", "the query selects no id", id="another-column"),
        pytest.param(
            "select id from t where a = :day::date", "write cast(:day as …)", id="parameter-with-a-short-cast"
        ),
    ],
)
def test_a_question_that_does_more_or_shows_more_is_found(query: str, what: str) -> None:
    assert what in " | ".join(read(query))


def test_a_value_that_is_not_bound_is_found() -> None:
    assert read("select id from t", a="params.a") == ["params.a is not used: no :a in the text"]


def test_a_bounded_change_has_no_finding() -> None:
    assert change(LOCK, STATEMENT) == []


@pytest.mark.parametrize(
    ("lock", "statement", "what"),
    [
        pytest.param(LOCK.removesuffix(" for update"), STATEMENT, "FOR UPDATE", id="no-lock"),
        pytest.param("select id from t for update", STATEMENT, "exactly the approved rows are locked", id="locks-all"),
        pytest.param(LOCK.replace("select id", "select *"), STATEMENT, "name the columns", id="star"),
        pytest.param(LOCK, "update t set a = 1", "only the approved rows", id="updates-all"),
        pytest.param(LOCK, "update t set a = any(:ids)", "only the approved rows", id="no-where"),
        pytest.param(LOCK, "delete from t where id = any(:ids)", "one UPDATE", id="delete"),
        pytest.param(LOCK, f"{STATEMENT}; drop table t", "no semicolon", id="two-statements"),
        pytest.param(f"{LOCK}; delete from t", STATEMENT, "no semicolon", id="two-locks"),
        pytest.param(LOCK, f"{STATEMENT} and b = :b", ":b has no value", id="no-value"),
    ],
)
def test_a_change_without_bounds_is_found(lock: str, statement: str, what: str) -> None:
    assert what in " | ".join(change(lock, statement))


def test_tokens_leave_out_remarks_and_keep_text_whole() -> None:
    assert tokens("select 'a;b' -- c\n, :d::text") == [
        ("word", "select"),
        ("text", "'a;b'"),
        ("sign", ","),
        ("bind", ":d"),
        ("cast", "::"),
        ("word", "text"),
    ]
