"""YAML is read so that no spelling means something unsaid, and no file can hurt."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import ContentErrors
from bot.core.ports import Json
from bot.engine.document import DEEPEST, LONGEST, read


def findings(text: str) -> list[str]:
    with pytest.raises(ContentErrors) as caught:
        read(text, file="a.yml")
    return [str(finding) for finding in caught.value.findings]


def lines_of_findings(text: str) -> list[int]:
    try:
        read(text, file="a.yml")
    except ContentErrors as errors:
        return [finding.line for finding in errors.findings]
    return []


def test_a_document_knows_the_line_of_each_value() -> None:
    document = read("a: 1\nb:\n  - x\n  - c: |\n      long\n      text\n    d: 2\n", file="a.yml")

    assert document.value == {"a": 1, "b": ["x", {"c": "long\ntext\n", "d": 2}]}
    assert document.lines[("b", 1, "d")] == 7
    assert str(document.finding(("b", 1, "d"), "is odd")) == "a.yml:7: b.1.d: is odd"


def test_a_finding_about_what_is_not_there_is_at_what_should_hold_it() -> None:
    document = read("a:\n  b: {}\n", file="a.yml")

    assert str(document.finding(("a", "b", "c"), "is missing")) == "a.yml:2: a.b.c: is missing"


def test_aliases_stand_for_their_value() -> None:
    assert read("a: &x {b: [1]}\nc: *x\n", file="a.yml").value == {"a": {"b": [1]}, "c": {"b": [1]}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("1.5", 1.5),
        ("'12'", "12"),
        ('"yes"', "yes"),
        ("1h", "1h"),
        ("env:NAME", "env:NAME"),
    ],
)
def test_plain_values_mean_what_they_say(text: str, value: Json) -> None:
    assert read(f"a: {text}", file="a.yml").value == {"a": value}


@pytest.mark.parametrize(
    "text", ["yes", "no", "on", "off", "Yes", "TRUE", "010", "0x1F", "1_000", "1:30", ".inf", ".5", "2026-11-20", "="]
)
def test_a_value_that_yaml_reads_as_something_else_must_be_quoted(text: str) -> None:
    (finding,) = findings(f"a: {text}")

    assert finding.startswith("a.yml:1: a: YAML ")
    assert "quote" in finding


@pytest.mark.parametrize("key", ["on", "yes", "1", "1.5", "null", "2026-11-20", "~", "true"])
def test_a_key_that_yaml_does_not_read_as_text_must_be_quoted(key: str) -> None:
    (finding,) = findings(f"{key}: x")

    assert (
        finding
        == f"a.yml:1: YAML does not read the key {key} as text but as {finding.split()[-3].rstrip(':')}: quote it"
    )


def test_everything_wrong_is_told_at_once_and_each_thing_once() -> None:
    found = findings("a: &x {b: yes}\nc: *x\nd: 1\nd: 2\n")

    assert [finding.split(": ")[0] for finding in found] == ["a.yml:1", "a.yml:4"]


def test_a_billion_laughs_are_not_followed() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    started = time.process_time()

    (finding,) = findings("\n".join(lines))

    assert "more than 50000 values" in finding
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("[" * 10_000, f"more than {DEEPEST} deep", id="deep-brackets"),
        pytest.param("a: &x\n  b: *x\n", "contains itself", id="alias-of-itself"),
        pytest.param("a" * (LONGEST + 1), "longer than", id="too-long"),
        pytest.param("a: \x00", "U+0000", id="control-character"),
        pytest.param("a: \ud800", "U+D800", id="half-a-character"),
        pytest.param("", "the file is empty", id="empty"),
        pytest.param("# nothing\n", "the file is empty", id="only-a-comment"),
        pytest.param("a: !!python/object/apply:os.system [x]", "the tag", id="python-object"),
        pytest.param("a: !!binary aGk=", "the tag binary", id="binary"),
        pytest.param("? [a]\n: b", "a key must be a word", id="list-as-key"),
    ],
)
def test_a_hostile_file_is_a_finding(text: str, what: str) -> None:
    assert what in findings(text)[0]


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_any_text_is_a_document_or_a_finding(text: str) -> None:
    assert all(line >= 1 for line in lines_of_findings(text))


@given(st.text(st.sampled_from("ab:- [],{}&*!|>'\"\n#?%@`~<="), max_size=40))
def test_any_yaml_like_text_is_a_document_or_a_finding(text: str) -> None:
    assert all(line >= 1 for line in lines_of_findings(text))
