"""Parameters that a person gives by hand."""

import pytest

from bot.core.errors import BadInput
from bot.engine.by_hand import checked, wanted_by
from bot.engine.runbook import Runbook
from bot.engine.stripe_objects import lookup_of, prefixes

BOOK = Runbook.model_validate(
    {
        "title": "A book",
        "params": {
            "tenant": {"from": "labels.tenant", "pattern": "[a-z]{1,8}", "default": "option.tenant"},
            "item": {"from": "labels.item", "pattern": "si_[a-z]+"},
            "metric": {"from": "mapping.rows[0].metric"},
            "unused": {"from": "labels.unused"},
        },
        "diagnose": [
            {"id": "mapping", "http": {"at": "api", "get": "/m/{{ params.item }}", "show": {"metric": "metric"}}},
            {"id": "usage", "http": {"at": "api", "get": "/u/{{ params.metric }}", "show": {"n": "n"}}},
        ],
    }
)


def test_a_question_wants_what_it_reads_through_others() -> None:
    assert wanted_by(BOOK.diagnose[1], BOOK) == ("item", "metric")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"itm": "si_a"}, id="another name"),
        pytest.param({"item": "si_A"}, id="another shape"),
        pytest.param({"item": "si_" + "a" * 200}, id="too long"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        checked(BOOK.params, given)


def test_a_stripe_id_says_what_it_is_the_id_of() -> None:
    kinds = {each: found.kind if (found := lookup_of(f"{each}1AbCdEf")) else None for each in prefixes()}

    assert kinds["in_"] == "invoice"
    assert kinds["pyr_"] == kinds["re_"] == "refund"
    assert None not in kinds.values()
    assert [lookup_of(each) for each in ("in", "in_", "in_1/../x", "xx_123456", "IN_123456")] == [None] * 5
