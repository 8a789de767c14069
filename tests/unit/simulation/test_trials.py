"""Trials: read strictly, played without asking anybody, and judged difference by difference."""

import pytest

from bot.core.errors import ContentErrors
from bot.engine.catalog import Catalog, parse
from bot.simulation.trial import trial
from bot.simulation.verdict import run
from tests.kit.samples import ALERTS, good

ALERT = """\
title: Late orders of one region
alert: {labels: {ops_event: shop.orders.late, system: shop, severity: warning, region: de}}
"""
ANSWERS = """\
answers:
  late: [{id: or_1, state: late, total: 1999, currency: eur}]
  rate: 0.2
  ready: {status: healthy}
  payment: {failed: timeout}
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return parse({name: text for name, text in good().items() if name != ALERTS}).catalog


def findings(catalog: Catalog, text: str) -> list[str]:
    try:
        return [str(finding) for finding in run(trial(text, file="late.yml"), catalog)[1]]
    except ContentErrors as errors:
        return [str(finding) for finding in errors.findings]


def test_what_comes_as_expected_has_no_finding(catalog: Catalog) -> None:
    expected = """\
expect:
  rule: shop.orders.late
  runbook: shop/late-orders
  severity: warning
  channel: "#shop"
  params: {region: de, order: or_1}
  asked: [late, rate, ready, payment]
  shows: [Orders of de are late., WARNING]
  thread: ["19.99 EUR", no answer in time]
  hides: [or_2]
"""

    assert findings(catalog, ALERT + ANSWERS + expected) == []


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        pytest.param("runbook: shop/other", "expect.runbook: expected shop/other, got shop/late-orders", id="runbook"),
        pytest.param(
            "params: {region: de}", "expect.params: expected region=de, got order=or_1, region=de", id="params"
        ),
        pytest.param("asked: [late]", "expect.asked: expected late, got late · payment · rate · ready", id="asked"),
        pytest.param("hides: [or_1]", "expect.hides.0: 'or_1' is shown", id="hides"),
        pytest.param("shows: [No such thing]", "expect.shows.0: 'No such thing' is not there:", id="shows"),
        pytest.param("suggest: [resend]", "expect.suggest: unknown field; did you mean suggests?", id="a-slip"),
        pytest.param(
            "refuses: {resend: why}", "expect.refuses.resend: expected 'why' in: It is healthy.", id="refuses"
        ),
    ],
)
def test_a_difference_is_a_finding_with_its_line(catalog: Catalog, expected: str, said: str) -> None:
    (found,) = findings(catalog, f"{ALERT}{ANSWERS}expect:\n  unjudged: 0\n  {expected}\n")

    assert found.startswith("late.yml:10: " + said)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param(ANSWERS.replace("  rate: 0.2\n", ""), "answers: rate is asked, and nothing says", id="left-out"),
        pytest.param(
            ANSWERS.replace("state: late", "stat: late"), "late has no column stat; did you mean", id="column"
        ),
        pytest.param(ANSWERS.replace("total: 1999", "total: much"), "total is declared minor", id="class"),
        pytest.param(ANSWERS + "  rat: 1\n", "rat is no question of this runbook", id="no-question"),
    ],
)
def test_an_answer_that_could_not_be_is_a_finding(catalog: Catalog, answers: str, said: str) -> None:
    found = findings(catalog, f"{ALERT}{answers}expect: {{runbook: shop/late-orders}}\n")

    assert any(said in finding for finding in found)


def test_an_event_is_taken_by_its_name_and_brings_its_identifiers(catalog: Catalog) -> None:
    text = """\
title: The host says so itself
event: {event: "[:shop, :orders, :late]", metadata: {region: fr}}
others: empty
expect: {rule: shop.orders.late, runbook: shop/late-orders, params: {region: fr}, shows: [Orders of fr are late.]}
"""

    assert findings(catalog, text) == []


def test_a_wish_needs_no_rule(catalog: Catalog) -> None:
    text = """\
title: Somebody looks
by_hand: {runbook: shop/late-orders, params: {region: fr, order: or_9}}
others: failed
expect: {runbook: shop/late-orders, params: {region: fr, order: or_9}, unjudged: 1, shows: [RUN BY HAND]}
"""

    assert findings(catalog, text) == []


@pytest.mark.parametrize(
    "given", ["", "alert: {labels: {a: b}}\nby_hand: {runbook: shop/late-orders}\n"], ids=["nothing", "two-things"]
)
def test_one_thing_comes_in(catalog: Catalog, given: str) -> None:
    (found,) = findings(catalog, f"title: Odd\n{given}expect: {{}}\n")

    assert "give alert: or alerts: and event:, or by_hand:, or schedule:" in found
