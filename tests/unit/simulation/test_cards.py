"""The card of an action that a trial asks for: made by the live code, stated whole, accepted on request."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.engine.catalog import Catalog, parse
from bot.simulation.cards import cards
from bot.simulation.play import Played
from bot.simulation.trial import Trial, trial
from bot.simulation.verdict import run
from tests.kit.samples import ALERTS, DATA, good

CAME = """\
title: Late orders of one region
alert: {labels: {ops_event: shop.orders.late, system: shop, severity: warning, region: de}}
answers:
  late: [{id: or_1, state: late, total: 1999, currency: eur}]
  ready: {status: ok}
others: empty
"""
TWO = "targets: [{id: or_1, total: 1999, currency: eur}, {id: or_2, total: 1, currency: eur}], preview: {would: 2}"
WITH = CAME + f"actions:\n  resend: {{{TWO}}}\nexpect:\n  runbook: shop/late-orders\n"
CARD = """\
:raised_hand: *Send them again* · waiting for approval
Asked by <@U0REQUESTER> 2026-11-20 12:01 UTC · low risk
*Touches* 2 targets: `or_1`, `or_2`
*Worth* 20.00 EUR (total)
*With* how: `fast`
*Preview* 2 of 2, {'eur': 2000}
*Cannot be taken back* by this bot
*Will run*
• `POST /orders/or_1/send at api with {"how": "fast"} – once for each of 2 targets`
*Needs* 1 approval from oncall or leads, not from the requester · expires 2026-11-20 12:31 UTC
[Approve]
[Deny …]"""  # noqa: RUF001


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return parse({name: text for name, text in good().items() if name != ALERTS}).catalog


def played(catalog: Catalog, text: str) -> tuple[Played, Trial, list[str]]:
    source = trial(text, file="late.yml")
    came, findings = run(source, catalog)
    assert came is not None
    return came, source.value, [str(finding) for finding in findings]


def card(catalog: Catalog, actions: str, action: str) -> str:
    came, given, _ = played(catalog, f"{CAME}actions: {{{actions}}}\nexpect: {{}}\n")
    return cards(came, given.actions)[action].text


def test_a_card_says_what_the_people_who_vote_will_read(catalog: Catalog) -> None:
    assert card(catalog, f"resend: {{{TWO}}}", "resend") == CARD


def test_a_card_that_differs_is_told_by_its_first_line_that_does(catalog: Catalog) -> None:
    stated = CARD.replace("20.00 EUR", "19.99 EUR").replace("\n", "\n      ")

    _, _, findings = played(catalog, f"{WITH}  cards:\n    resend: |-\n      {stated}\n")

    (found,) = findings
    assert found.startswith("late.yml:12: expect.cards.resend: line 4: expected '*Worth* 19.99 EUR (total)', got '*Wo")


@pytest.mark.parametrize(
    ("actions", "action", "said"),
    [
        pytest.param("resend: {targets: []}", "resend", "there is nothing to do: no target was found", id="nothing"),
        pytest.param(
            "resend: {targets: [or_1], preview: {failed: not_installed, message: no such route}}",
            "resend",
            "no such route; there is instead: Release them by command",
            id="not-installed",
        ),
        pytest.param(
            "resend: {targets: [or_1], preview: {failed: timeout}}", "resend", "no answer within 15 s", id="no-answer"
        ),
        pytest.param("resend: {inputs: {how: soon}}", "resend", "choose one of fast, slow", id="input"),
    ],
)
def test_what_cannot_be_asked_for_says_why_on_its_card(catalog: Catalog, actions: str, action: str, said: str) -> None:
    text = card(catalog, actions, action)

    assert "not possible" in text
    assert said in text.splitlines()[-1]
    assert "[Approve" not in text


def test_an_undo_sees_what_it_takes_back(catalog: Catalog) -> None:
    given = "put-back: {reason: Wrong region, original: {ids: [or_7], rows: [{id: or_7, state: late}]}}"

    text = card(catalog, given, "put-back")

    assert "*Touches* 1 target: `or_7`" in text
    assert "> Wrong region" in text
    assert "[Approve …]" in text  # severe: a phrase is typed


def test_a_call_by_command_names_its_program(catalog: Catalog) -> None:
    assert "• `bin/shop release or_1`" in card(catalog, "release: {reason: Stuck}", "release")


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        pytest.param("resnd: {}", "resnd is no action of shop/late-orders", id="no-action"),
        pytest.param("resend: {targets: [{id: or_1, totl: 1}]}", "resend: targets has no column totl", id="column"),
    ],
)
def test_what_an_action_could_never_be_answered_is_a_finding(catalog: Catalog, actions: str, said: str) -> None:
    _, _, findings = played(catalog, f"{CAME}actions: {{{actions}}}\nexpect: {{}}\n")

    assert any(said in finding for finding in findings)


def simulate(*arguments: str) -> tuple[int, str]:
    content = ["--rules", str(DATA / "good" / "rules"), "--runbooks", str(DATA / "good" / "runbooks")]
    result = CliRunner().invoke(app, ["simulate", *arguments, *content])
    return result.exit_code, result.output


def test_cards_are_written_into_the_file_and_the_rest_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "late.yml"
    file.write_text(WITH.replace("  runbook", "  # where it leads\n  runbook"))

    first = simulate("--accept", str(file))
    once = file.read_text()
    second = simulate("--accept", str(file))

    assert (first[0], second[0]) == (0, 0)
    assert once.startswith(WITH.replace("  runbook", "  # where it leads\n  runbook"))
    assert trial(once, file="late.yml").value.expect.cards == {"resend": CARD}
    assert file.read_text() == once


def test_an_older_card_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "late.yml"
    file.write_text(f"{WITH}  cards:\n    resend: |-\n      Something else\n\n      and more\n  severity: warning\n")

    code, _ = simulate("--accept", str(file))

    assert code == 0
    assert trial(file.read_text(), file="late.yml").value.expect.cards == {"resend": CARD}
    assert trial(file.read_text(), file="late.yml").value.expect.severity == "warning"


def test_what_is_wrong_besides_is_still_told(tmp_path: Path) -> None:
    file = tmp_path / "late.yml"
    file.write_text(WITH.replace("shop/late-orders", "shop/other"))

    code, said = simulate("--accept", str(file))

    assert code == 1
    assert "expected shop/other" in said


def test_a_file_that_has_no_place_for_cards_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "late.yml"
    text = f"{CAME}actions: {{resend: {{{TWO}}}}}\nexpect: {{runbook: shop/late-orders}}\n"
    file.write_text(text)

    code, said = simulate("--accept", str(file))

    assert code == 2
    assert "expect: must be its last part" in said
    assert file.read_text() == text


def test_a_folder_is_every_trial_in_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.yml").write_text(WITH)
    (tmp_path / "deep" / "two.yml").write_text(WITH.replace("shop/late-orders", "shop/other"))

    code, said = simulate(str(tmp_path))

    assert code == 1
    assert said.count("card of resend") == 2
    assert f"{tmp_path}/deep/two.yml:10: expect.runbook" in said


def test_a_folder_without_a_trial_is_wrong_usage(tmp_path: Path) -> None:
    assert simulate(str(tmp_path))[0] == 2
