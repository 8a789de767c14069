"""Expressions: what they can say, what they can never do, and what they tell about themselves."""

import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors import ExpressionError
from bot.core.expression import Expression

SCOPE = {
    "late": {"failed": False, "count": 2, "rows": [{"id": "a", "n": 3}, {"id": "b", "n": None}], "id": "a", "max": 0.5},
    "broken": {"failed": True, "reason": "timeout", "message": "no answer within 5 s"},
    "empty": {"failed": False, "count": 0, "rows": [], "id": None, "max": None},
    "params": {"region": "eu", "period": "2026-11-01"},
    "incident": {"starts_at": datetime(2026, 11, 20, 10, tzinfo=UTC)},
    "labels": {"items": "not a method", "values": "neither"},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("late.count > 1 and late.max <= 0.5", True),
        ("late.rows[0].id", "a"),
        ("late.rows | map(attribute='id') | join(',')", "a,b"),
        ("late.rows | selectattr('n', 'none') | list | length", 1),
        ("params.period[:7] != (incident.starts_at | iso)[:7]", False),
        ("(incident.starts_at | minus('24h')).timestamp() | int", 1763546400 + 365 * 86400),
        ("'%.2f' | format(late.max * 100)", "50.00"),
        ("labels.items", "not a method"),
        ("labels['values']", "neither"),
        ("nothing is defined", False),
        ("nothing | default('x')", "x"),
        ("late.id in ['a', 'b']", True),
        ("'a' + 'b'", "ab"),
        ("7 % 4 + 2 * 3 - 1 // 2", 9),
        ("1.005 | round(2)", 1.0),
        ("1 | counted('event waits', 'events wait')", "1 event waits"),
        ("0 | counted('event waits', 'events wait')", "0 events wait"),
        ("late.rows | length | counted('row', 'rows') | length > 4", True),
    ],
)
def test_an_expression_has_its_value(source: str, value: object) -> None:
    assert Expression(source).value(SCOPE) == value


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("nothing", id="unknown-name"),
        pytest.param("nothing == 1", id="unknown-name-compared"),
        pytest.param("nothing | length == 0", id="length-of-nothing"),
        pytest.param("1 in nothing", id="item-of-nothing"),
        pytest.param("not nothing", id="negation-of-nothing"),
        pytest.param("nothing or true", id="alternative-to-nothing"),
        pytest.param("late.nothing > 1", id="unknown-attribute"),
        pytest.param("broken.count == 0", id="fact-of-a-failed-question"),
        pytest.param("empty.max > 0.5", id="comparison-with-no-number"),
        pytest.param("empty.rows[0].id == 'a'", id="row-that-is-not-there"),
        pytest.param("late.rows | sum(attribute='n')", id="sum-over-a-missing-cell"),
        pytest.param("late.count > 'a'", id="number-against-text"),
        pytest.param("1 / 0", id="division-by-zero"),
        pytest.param("'x' | minus('1h')", id="not-a-time"),
        pytest.param("incident.starts_at | minus('1 hour')", id="not-a-duration"),
        pytest.param("incident.starts_at | minus('9999999d')", id="endless-duration"),
        pytest.param("1e300 | iso", id="time-beyond-time"),
        pytest.param("'1' | counted('event', 'events')", id="text-counted"),
    ],
)
def test_what_cannot_be_judged_is_an_error_and_never_false(source: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(source[:20])):
        Expression(source).holds(SCOPE)


@pytest.mark.parametrize(
    "source",
    [
        "''.__class__.__mro__[1].__subclasses__()",
        "late.__class__.__init__.__globals__",
        "late['__class__']",
        "late | attr('__class__')",
        "late.rows | map('attr', '__class__') | list",
        "late.rows | map(attribute='__class__') | list",
        "late.rows.append(1)",
        "late.clear()",
        "'{0.__class__}'.format(late)",
        "'%s' % late",
        "self.__init__",
        "cycler.__init__.__globals__.os",
        "lipsum.__globals__",
        "range(10)",
        "dict(a=1)",
        "namespace(a=1)",
        "joiner()",
        "late.rows | tojson",
        "late | pprint",
        "'<b>' | safe",
        "[1, 2] | random",
        "late.rows.__len__()",
        "incident.starts_at.__reduce__()",
        "incident.starts_at.strftime('%9999999d')",
        "(late.max).as_integer_ratio()",
        "'a'.encode('utf-16')",
    ],
)
def test_nothing_leads_out_of_the_sandbox(source: str) -> None:
    with pytest.raises((ValueError, ExpressionError)):
        Expression(source).value(SCOPE)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    [
        "'a' * 1000000000",
        "1000000000 * 'a'",
        "[1] * 1000000000",
        "10 ** 1000000000",
        "2 ** 2",
        "'a' | center(1000000000)",
        "'a'.center(1000000000)",
        "'%1000000000d' | format(1)",
        "'%.1000000000f' | format(1)",
        "1 | round(1000000000, 'ceil')",
        "'a' | indent(1000000000)",
        "'a' | replace('a', 'b')",
        "[1] | batch(1000000000, 0) | list",
        "(5).to_bytes(1000000000, 'big')",
        "'a'.zfill(1000000000)",
        "('a' + 'b').expandtabs(1000000000)",
        "(" * 900 + "1" + ")" * 900,
        "-" * 1500 + "1",
        "not " * 450 + "1",
        "1" + "+1" * 900,
        "a" + ".b" * 900,
        "x" * 2001,
    ],
)
def test_nothing_runs_long_or_grows_large(source: str) -> None:
    with pytest.raises((ValueError, ExpressionError)):
        Expression(source).value(SCOPE)


def test_what_plus_joins_stays_small() -> None:
    with pytest.raises(ExpressionError, match="longer than"):
        Expression("text + text").value({"text": "a" * 60_000})


_PIECES = st.sampled_from(
    [
        *["late", "late.rows", "params.region", "nothing", "1", "0.5", "'a'", "[1, 2]", "{'a': 1}", "none", "true"],
        *[
            "(",
            ")",
            "[",
            "]",
            "+",
            "-",
            "*",
            "**",
            "/",
            "//",
            "%",
            "~",
            "==",
            "<",
            "in",
            "is",
            "not",
            "and",
            "or",
            "if",
        ],
        *[
            "else",
            ",",
            ":",
            ".",
            "|",
            "first",
            "list",
            "map",
            "sum",
            "join",
            "default",
            "length",
            "attribute=",
            "count",
        ],
        *["__class__", "timestamp", "iso", "minus"],
    ]
)


@settings(max_examples=300)
@given(st.lists(_PIECES, min_size=1, max_size=12).map(" ".join))
def test_any_source_gives_a_plain_value_or_an_error_of_ours_soon(source: str) -> None:
    started = time.process_time()
    try:
        value = Expression(source).value(SCOPE)
    except (ValueError, ExpressionError):
        value = None

    assert time.process_time() - started < 1
    assert value is None or isinstance(value, str | int | float | list | dict | tuple | datetime)


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("drift.max <= option.epsilon", {("drift", "max"), ("option", "epsilon")}),
        ("dead.rows[0].type", {("dead", "rows", "[]", "type")}),
        ("(dead.rows | first).type", {("dead", "rows", "[]", "type")}),
        ("jobs.rows | selectattr('state', 'in', ['a']) | list | length", {("jobs", "rows", "[]", "state")}),
        ("raw.rows | sum(attribute='late')", {("raw", "rows", "[]", "late")}),
        (
            "a.rows | sort(attribute='n') | map(attribute='id') | list",
            {("a", "rows", "[]", "n"), ("a", "rows", "[]", "id")},
        ),
        ("params.period[:7]", {("params", "period")}),
        ("x | default(y.z)", {("x",), ("y", "z")}),
        ("a['b'].c", {("a", "b", "c")}),
        ("1 + 1", set()),
    ],
)
def test_an_expression_tells_what_it_reads(source: str, reads: set[tuple[str, ...]]) -> None:
    assert Expression(source).reads == reads


def test_numbers_and_flags_of_a_file_are_expressions_too() -> None:
    assert Expression("true").value({}) is True
    assert Expression("10").value({}) == 10


def test_expressions_of_the_same_source_are_equal() -> None:
    assert Expression("a") == Expression("a")
    assert len({Expression("a"), Expression("a"), Expression("b")}) == 2
