"""Alertmanager's matcher grammar; tests/contract/test_matchers.py holds the same table against amtool itself."""

import pytest

from bot.core.matching import Matcher
from tests.kit.matchers import ACCEPTED, REFUSED, Case


@pytest.mark.parametrize("case", [pytest.param(case, id=case.matcher) for case in ACCEPTED])
def test_a_matcher_holds_as_in_alertmanager(case: Case) -> None:
    assert Matcher(case.matcher).matches(case.labels) is case.holds


@pytest.mark.parametrize("matcher", REFUSED)
def test_a_malformed_matcher_is_refused_by_name(matcher: str) -> None:
    with pytest.raises(ValueError, match=r"matcher|escape|expression"):
        Matcher(matcher)


def test_an_absent_label_is_the_empty_text() -> None:
    assert Matcher('team=""').matches({})
    assert Matcher('team!="billing"').matches({})
    assert not Matcher('team=~".+"').matches({})


def test_matchers_of_the_same_text_are_equal_and_hash_alike() -> None:
    assert Matcher('a="b"') == Matcher('a="b"')
    assert len({Matcher('a="b"'), Matcher('a="b"'), Matcher('a="c"')}) == 2
