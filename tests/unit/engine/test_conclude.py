"""Conclusions: held, not held, or not judged; what is not known is never clean."""

import pytest

from bot.core.evidence import Answer, Column, Evidence, Failure, Reason, Shown, Table
from bot.core.facts import facts
from bot.engine.conclude import Conclusions, Held, NotHeld, NotJudged, conclude
from bot.engine.runbook import Conclusion


def drift(*values: float) -> Answer:
    rows = tuple((value,) for value in values)
    return Answer(table=Table(columns=(Column(name="value", shown=Shown.RATIO),), rows=rows))


def judge(evidence: Evidence, *specs: dict[str, object]) -> Conclusions:
    scope = {"drift": facts(evidence), "option": {"epsilon": 0.005}}
    return conclude([Conclusion.model_validate(spec) for spec in specs], scope=scope, evidence={"drift": evidence})


WITHIN: dict[str, object] = {
    "when": "drift.max <= option.epsilon",
    "say": "Within {{ option.epsilon }}.",
    "suggest": ["adjust"],
}
BEYOND: dict[str, object] = {
    "when": "drift.max > option.epsilon",
    "say": "Beyond: {{ drift.max }}.",
    "suggest": ["replay", "reconcile"],
    "warn_against": ["adjust"],
}


def test_each_conclusion_is_judged_in_the_order_of_the_file() -> None:
    found = judge(drift(0.02), WITHIN, BEYOND)

    assert found.judgements == (
        NotHeld(),
        Held(say="Beyond: 0.02.", suggest=("replay", "reconcile"), warn_against=("adjust",)),
    )


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        pytest.param(
            Failure(reason=Reason.NOT_CONNECTED, message="set PROMETHEUS_URL"),
            "drift was not answered (not connected)",
            id="the question failed",
        ),
        pytest.param(drift(), "drift found nothing", id="it found nothing"),
    ],
)
def test_evidence_that_is_not_there_is_not_judged_either_way(evidence: Evidence, why: str) -> None:
    found = judge(evidence, WITHIN, BEYOND)

    assert [type(each) for each in found.judgements] == [NotJudged, NotJudged]
    assert found.unjudged[0] == NotJudged(when="drift.max <= option.epsilon", why=why)
    assert found.suggest == ()


def test_one_that_cannot_be_judged_leaves_the_others_standing() -> None:
    found = judge(drift(0.02), {"when": "other.n > 0", "say": "x"}, BEYOND)

    assert isinstance(found.judgements[0], NotJudged)
    assert isinstance(found.judgements[1], Held)


def test_a_sentence_that_cannot_be_said_is_not_judged() -> None:
    found = judge(drift(0.02), {"when": "drift.max > 0", "say": "{{ drift.tenant }} drifts"})

    assert isinstance(found.judgements[0], NotJudged)


def test_a_warning_outweighs_a_suggestion() -> None:
    found = judge(
        drift(0.02),
        BEYOND,
        {"when": "drift.count == 1", "say": "Not now.", "warn_against": ["replay"], "suggest": ["reconcile"]},
    )

    assert found.suggest == ("reconcile",)
    assert found.warn_against == ("adjust", "replay")


def test_what_a_conclusion_says_is_masked() -> None:
    found = judge(drift(0.02), {"when": "true", "say": "Ask jane.doe@customer.example."})

    assert "jane.doe" not in found.held[0].say


def test_conclusions_come_back_from_json_as_they_were() -> None:
    found = judge(drift(0.02), WITHIN, BEYOND, {"when": "other.n > 0", "say": "x"})

    assert Conclusions.model_validate(found.model_dump(mode="json")) == found
