"""docs/content.md names everything a content file can say, and nothing it cannot."""

import re
from pathlib import Path

import pytest

from bot.core import sandbox
from bot.core.evidence import Shown
from bot.core.expression import Expression
from bot.engine import check_names
from bot.engine.shapes import ALWAYS

GUIDE = (Path(__file__).parents[2] / "docs/content.md").read_text()


def _listed(start: str, end: str) -> set[str]:
    """The words in backticks between two pieces of the guide."""
    part = GUIDE[GUIDE.index(start) : GUIDE.index(end, GUIDE.index(start))]
    return set(re.findall(r"`([^`]+)`", part))


def test_the_guide_lists_every_filter() -> None:
    assert _listed("**Filters**", ". Ours are") == set(sandbox.environment().filters)


def test_the_guide_lists_every_method() -> None:
    assert _listed("**Methods**", "## What is inserted") == {f".{name}()" for name in sandbox.CALLABLE}


def test_the_guide_lists_every_class() -> None:
    assert _listed("| class |", "## An action") - {"currency"} == {shown.value for shown in Shown}


@pytest.mark.parametrize("name", sorted(check_names.RESERVED - {"true", "false", "none", "True", "False", "None"}))
def test_the_guide_tells_of_every_name(name: str) -> None:
    assert f"`{name}`" in GUIDE


def test_the_guide_tells_of_every_field_of_incident_and_request() -> None:
    assert f"`incident`: {', '.join(check_names.INCIDENT)}." in GUIDE
    assert f"`request`: {', '.join(check_names.REQUEST)}." in GUIDE


def test_the_guide_tells_of_every_fact() -> None:
    facts = _listed("**An answer**", "**Filters**")

    assert {*ALWAYS, "rows", "max", "min", "sum"} <= facts


@pytest.mark.parametrize("source", ["a | minus('30m')", "a | plus('1h')", "a is defined", "a | default(1)"])
def test_what_the_guide_shows_can_be_said(source: str) -> None:
    assert Expression(source).names == {"a"}
