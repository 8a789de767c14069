"""Templates: each kind knows what its text becomes, and lets nothing out of its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import ExpressionError
from bot.core.template import PathTemplate, Template, Value


def test_a_template_is_filled_from_its_scope() -> None:
    assert Template("{{ n }} late{% if n > 1 %}, hurry{% endif %}").render({"n": 2}) == "2 late, hurry"


def test_a_missing_value_is_an_error_that_names_the_template() -> None:
    with pytest.raises(ExpressionError, match=r"'\{\{ n \}\} late'.*'n' is undefined"):
        Template("{{ n }} late").render({})


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in b %}{% endfor %}",
        "{% set a = 1 %}",
        "{% macro a() %}{% endmacro %}",
        "{% include 'a' %}",
        "{% import 'a' as b %}",
        "{% extends 'a' %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{% call a() %}{% endcall %}",
        "{{ a",
        "{% if a %}",
        "{{ a | nope }}",
        "{{ a() }}",
        "{{ a ** 2 }}",
        "a" * 10_001,
    ],
)
def test_what_a_template_cannot_say_is_refused_at_load(source: str) -> None:
    with pytest.raises(ValueError, match="not a template"):
        Template(source)


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text not in {".", ".."}))
def test_a_value_stays_inside_its_path_segment(value: str) -> None:
    path = PathTemplate("/v1/invoices/{{ id }}/lines").render({"id": value})

    assert path.count("/") == 4
    assert not set(path) & set("?#\\ \n")


@pytest.mark.parametrize("value", ["", None, ".", ".."])
def test_an_empty_or_dotted_segment_is_refused_for_it_would_ask_something_else(value: str | None) -> None:
    with pytest.raises(ExpressionError, match="cannot be a path segment"):
        PathTemplate("/v1/invoices/{{ id }}").render({"id": value})


def test_a_segment_is_encoded_once() -> None:
    assert PathTemplate("/a/{{ id | segment }}").render({"id": "x/y"}) == "/a/x%2Fy"


@pytest.mark.parametrize("source", ["a", "//a", "/a?b=1", "/a#b", "/a b", "/../a", "/a/./b", "/a//b", "/a\\b", ""])
def test_an_odd_path_is_refused_at_load(source: str) -> None:
    with pytest.raises(ValueError, match="a path"):
        PathTemplate(source)


@given(st.text(st.characters(codec="utf-8")))
def test_a_value_stays_inside_its_promql_string(value: str) -> None:
    query = Template("up{a={{ v | promql }}}").render({"v": value})

    inside = query.removeprefix('up{a="').removesuffix('"}')
    assert not inside.replace("\\\\", "").replace('\\"', "").count('"')
    assert "\n" not in query


def test_no_value_at_all_is_not_put_into_promql() -> None:
    with pytest.raises(ExpressionError, match="no value"):
        Template("up{a={{ v | promql }}}").render({"v": None})


def test_a_template_tells_which_values_are_not_quoted() -> None:
    template = Template("a{b={{ x | promql }}, c='{{ y }}', d={{ z | promql | upper }}}")

    assert template.unfiltered("promql") == ["y", "z"]
    assert template.filled("_") == "a{b=_, c='_', d=_}"


def test_a_value_alone_keeps_its_type() -> None:
    assert Value("{{ ids }}").value({"ids": [1, 2]}) == [1, 2]
    assert Value("{{ a }}-{{ b }}").value({"a": 1, "b": 2}) == "1-2"
    assert Value("plain").value({}) == "plain"
    assert Value(5).value({}) == 5
    assert Value(None).value({}) is None


def test_values_that_only_look_alike_differ() -> None:
    assert Value(1) != Value(True)
    assert Value("1") != Value(1)
    assert Template("/a") != PathTemplate("/a")
