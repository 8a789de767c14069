"""Inputs: typed, checked, and filled from evidence."""

import pytest

from bot.core.errors import BadInput
from bot.core.ports import Json
from bot.engine.inputs import checked, resolved
from bot.engine.runbook import Input


def declared(**fields: object) -> dict[str, Input]:
    return {"x": Input.model_validate(fields)}


@pytest.mark.parametrize(
    ("fields", "given", "value"),
    [
        pytest.param({}, " evt_1 ", "evt_1", id="text-is-stripped"),
        pytest.param({"pattern": "[a-z]+"}, "abc", "abc", id="a-pattern"),
        pytest.param({"type": "integer"}, "12", 12, id="a-number-as-text"),
        pytest.param({"type": "integer"}, 12, 12, id="a-number"),
        pytest.param({"type": "duration"}, "24h", "24h", id="a-duration-stays-text"),
        pytest.param({"type": "choice", "choices": ["a", "b"]}, "b", "b", id="a-choice"),
        pytest.param({"type": "flag"}, "Yes", True, id="yes"),
        pytest.param({"type": "flag"}, "off", False, id="off"),
        pytest.param({"type": "flag"}, False, False, id="a-flag"),
        pytest.param({"type": "time"}, "2026-11-20T11:30:00+01:00", "2026-11-20T10:30:00Z", id="a-time-in-utc"),
        pytest.param({"type": "time"}, "1795170600", "2026-11-20T10:30:00Z", id="a-time-as-slack-picks-it"),
    ],
)
def test_a_given_value_becomes_its_type(fields: dict[str, object], given: Json, value: Json) -> None:
    assert checked(declared(**fields), {"x": given}) == {"x": value}


@pytest.mark.parametrize(
    ("fields", "given", "said"),
    [
        pytest.param({"pattern": "[a-z]+"}, "abc; drop", "does not match", id="against-the-pattern"),
        pytest.param({"pattern": "[a-z]+"}, "abc\ndef", "one line", id="two-lines"),
        pytest.param({}, "a\x00b", "printable", id="a-control-character"),
        pytest.param({}, "a" * 501, "at most 500", id="too-long"),
        pytest.param({"type": "integer"}, "1.5", "not a whole number", id="not-whole"),
        pytest.param({"type": "duration"}, "yesterday", "not a duration", id="not-a-duration"),
        pytest.param({"type": "choice", "choices": ["a"]}, "c", "choose one of a", id="no-such-choice"),
        pytest.param({"type": "time"}, "yesterday", "not a time", id="not-a-time"),
        pytest.param({"type": "time"}, "9" * 30, "not a time", id="no-such-time"),
        pytest.param({"type": "flag"}, "maybe", "yes or no", id="neither-yes-nor-no"),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_of_its_input(fields: dict[str, object], given: Json, said: str) -> None:
    with pytest.raises(BadInput, match=rf"^Label: .*{said}"):
        checked(declared(label="Label", **fields), {"x": given})


def test_an_input_that_is_not_declared_is_refused() -> None:
    with pytest.raises(BadInput, match="there is no input 'y'; there are: x"):
        checked(declared(), {"y": "1"})


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_is_as_good_as_nothing(blank: Json) -> None:
    assert resolved(declared(default="fallback"), {"x": blank}, {}) == {"x": "fallback"}


@pytest.mark.parametrize(
    ("fields", "scope", "value"),
    [
        pytest.param({"from": "worst.metric"}, {"worst": {"metric": "tokens"}}, "tokens", id="evidence"),
        pytest.param({"from": "worst.metric", "default": "calls"}, {}, "calls", id="no-evidence-so-the-default"),
        pytest.param(
            {"from": "worst.metric", "default": "calls"}, {"worst": {"metric": None}}, "calls", id="empty-evidence"
        ),
        pytest.param({"type": "flag", "default": False}, {}, False, id="a-default-of-false"),
        pytest.param({"optional": True}, {}, None, id="optional"),
    ],
)
def test_what_is_not_given_is_filled(fields: dict[str, object], scope: dict[str, object], value: Json) -> None:
    assert resolved(declared(**fields), {}, scope) == {"x": value}


def test_evidence_is_held_to_the_pattern_too() -> None:
    with pytest.raises(BadInput, match="does not match"):
        resolved(declared(**{"from": "worst.metric", "pattern": "[a-z]+"}), {}, {"worst": {"metric": "a'; --"}})


def test_a_needed_input_without_a_value_is_asked_for() -> None:
    with pytest.raises(BadInput, match="a value is needed"):
        resolved(declared(), {}, {})
