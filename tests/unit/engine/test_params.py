"""Parameters: where they come from, and that a wrong one never falls back to another's."""

from collections.abc import Mapping

import pytest

from bot.engine.params import Params, resolve
from bot.engine.runbook import Param


def params(**specs: Mapping[str, str]) -> dict[str, Param]:
    return {name: Param.model_validate(spec) for name, spec in specs.items()}


TENANT = params(tenant={"from": "labels.tenant", "pattern": "[a-z0-9-]{1,10}", "default": "option.tenant"})


@pytest.mark.parametrize(
    ("given", "labels", "expected"),
    [
        pytest.param({"tenant": "asked"}, {"tenant": "label"}, "asked", id="what a person gave is first"),
        pytest.param({}, {"tenant": "label"}, "label", id="then the label"),
        pytest.param({}, {}, "demo", id="then the default"),
        pytest.param({}, {"tenant": ""}, "demo", id="an empty label is none"),
    ],
)
def test_a_parameter_comes_from_the_first_source_that_has_it(
    given: Mapping[str, str], labels: Mapping[str, str], expected: str
) -> None:
    found = resolve(TENANT, given=given, scope={"labels": labels, "option": {"tenant": "demo"}})

    assert found == Params(values={"tenant": expected})


@pytest.mark.parametrize("value", ["a" * 11, "x'; drop table", "ok\n", "../etc"])
def test_a_value_that_does_not_match_fails_and_falls_back_to_nothing(value: str) -> None:
    found = resolve(TENANT, given={}, scope={"labels": {"tenant": value}, "option": {"tenant": "demo"}})

    assert found.values == {}
    assert "does not match" in found.failed["tenant"]
    assert value not in found.failed["tenant"]


def test_a_parameter_waits_for_the_answer_it_is_taken_from() -> None:
    spec = params(metric={"from": "mapping.rows[0].metric"})

    before = resolve(spec, given={}, scope={}, questions={"mapping", "drift"})
    after = resolve(
        spec,
        given={},
        scope={"mapping": {"rows": [{"metric": "api_calls"}]}},
        questions={"mapping", "drift"},
        answered={"mapping"},
    )

    assert before == Params(pending={"metric": frozenset({"mapping"})})
    assert after == Params(values={"metric": "api_calls"})


def test_a_label_saves_the_wait() -> None:
    spec = params(event={"from": "labels.event_id", "default": "dead.rows[0].id"})

    found = resolve(spec, given={}, scope={"labels": {"event_id": "e1"}}, questions={"dead"})

    assert found == Params(values={"event": "e1"})


@pytest.mark.parametrize(
    "dead",
    [
        pytest.param({"failed": True, "reason": "timeout"}, id="the question failed"),
        pytest.param({"failed": False, "rows": []}, id="it found nothing"),
        pytest.param({"failed": False, "rows": [{"id": None}]}, id="the cell is empty"),
        pytest.param({"failed": False, "rows": [{"id": True}]}, id="the cell is no text"),
    ],
)
def test_an_answer_without_it_gives_no_parameter(dead: object) -> None:
    spec = params(event={"from": "dead.rows[0].id"})

    found = resolve(spec, given={}, scope={"dead": dead}, questions={"dead"}, answered={"dead"})

    assert found.values == {}
    assert "event" in found.failed


def test_a_parameter_may_be_made_of_an_earlier_one() -> None:
    spec = params(tenant={"from": "labels.tenant"}, key={"from": "params.tenant ~ ':eu'"})

    found = resolve(spec, given={}, scope={"labels": {"tenant": "t1"}})

    assert found.values == {"tenant": "t1", "key": "t1:eu"}
