"""A regular expression means what RE2 makes of it, and never runs for long."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.regex import LONGEST_TEXT, compiled, whole


@pytest.mark.parametrize(
    "pattern",
    [
        "Reconciliation.*",
        "a|b|c",
        r"\d{4}-\d{2}-\d{2}",
        "[A-Za-z0-9_.:-]{1,128}",
        r"(\d{1,3}\.){3}\d{1,3}",
        "(ab)*",
        "(?i)abc",
        "[]a]",
        r"[\]]",
        "(?:eu|us)-[a-z]+",
        "",
        "(?P<name>b)",
        r"\x41+",
        "(in_)?[a-z]+?",
    ],
)
def test_a_sensible_pattern_is_accepted(pattern: str) -> None:
    assert compiled(pattern).pattern == pattern


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        pytest.param("(a+)+", "could take for ever", id="nested-repeats"),
        pytest.param("(a|aa)*", "could take for ever", id="repeated-alternatives"),
        pytest.param("((a*)b?)*", "could take for ever", id="deep-repeats"),
        pytest.param("(.{0,9}){0,9}x", "could take for ever", id="counted-repeats"),
        pytest.param("a++", "repeats a repeat", id="possessive"),
        pytest.param("a{2}{3}", "repeats a repeat", id="twice-counted"),
        pytest.param("(?=a)a", "(?= is not supported", id="look-ahead"),
        pytest.param("(?<!a)b", "(?< is not supported", id="look-behind"),
        pytest.param("(?>a)", "(?> is not supported", id="atomic"),
        pytest.param("(?#why)a", "(?# is not supported", id="comment"),
        pytest.param("(?x) a", "(?x is not supported", id="verbose"),
        pytest.param(r"(a)\1", r"\1 is not supported", id="back-reference"),
        pytest.param(r"a\Z", r"\Z is not supported", id="end-in-python-only"),
        pytest.param(r"\pL", r"\p is not supported", id="class-in-re2-only"),
        pytest.param("[[:alpha:]]", "is not supported", id="posix-class"),
        pytest.param("b{,2}", "{ without a count", id="count-that-re2-takes-literally"),
        pytest.param("b{1,1001}", "more than 1000 times", id="too-many"),
        pytest.param("a(", "missing )", id="unclosed"),
        pytest.param("[a", "unterminated character set", id="unclosed-set"),
        pytest.param("*a", "nothing to repeat", id="nothing-to-repeat"),
        pytest.param("a" * 1001, "more than 1000 characters", id="too-long"),
        pytest.param("(" * 400 + ")" * 400, "more than 20 deep", id="too-deep"),
        pytest.param("a*b*c*d*", "more than 3 repeats without a bound", id="polynomial"),
    ],
)
def test_what_python_and_re2_read_differently_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        compiled(pattern)


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab.*+?(|){}[]^$0123,\\dw"), max_size=14), st.sampled_from(["a", "ab", "ba", "0"]))
def test_no_accepted_pattern_runs_for_long(pattern: str, piece: str) -> None:
    try:
        accepted = compiled(pattern)
    except ValueError:
        return
    started = time.process_time()

    whole(accepted, piece * 60 + "!")

    assert time.process_time() - started < 1


@pytest.mark.timeout(60)
def test_the_slowest_accepted_pattern_ends_soon() -> None:
    assert not whole(compiled("a*a*a*b"), "a" * LONGEST_TEXT)


def test_the_whole_text_must_match() -> None:
    assert whole(compiled("b|c"), "c")
    assert not whole(compiled("b|c"), "cc")


def test_a_text_beyond_every_sensible_length_does_not_match() -> None:
    assert whole(compiled("a*"), "a" * LONGEST_TEXT)
    assert not whole(compiled("a*"), "a" * (LONGEST_TEXT + 1))


def test_letters_and_digits_are_those_of_ascii_as_in_re2() -> None:
    assert not whole(compiled(r"\d+"), "\u0661")
    assert not whole(compiled(r"\w+"), "é")
