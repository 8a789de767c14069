"""What a digest covers, when targets differ, and what a request may become."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.evidence import Answer, Cell, Column, Shown, Table
from bot.engine.request import (
    LEADS_TO,
    PreviewShown,
    Request,
    State,
    TargetSet,
    changes,
    digest,
    is_as_approved,
    needs,
    target_set,
)
from bot.engine.runbook import Risk
from tests.kit.moments import NOON
from tests.unit.engine.test_approval import REQUEST

COLUMNS = (Column(name="id", shown=Shown.ID), Column(name="amount", shown=Shown.MINOR))


def targets(*rows: tuple[Cell, ...]) -> TargetSet:
    return TargetSet(ids=tuple(str(row[0]) for row in rows), table=Table(columns=COLUMNS, rows=rows))


def answer(*rows: tuple[Cell, ...], cut: bool = False) -> Answer:
    return Answer(table=Table(columns=COLUMNS, rows=rows, cut=cut))


TWO = targets(("a", 1), ("b", 2))
PREVIEW = PreviewShown(answer=answer(("a", 1)), say="one", before={"health": answer(("x", 1))})
FROZEN = replace(REQUEST, targets=TWO, preview=PREVIEW, digest=digest(REQUEST, targets=TWO, preview=PREVIEW))


def test_the_digest_does_not_depend_on_the_order_of_the_targets() -> None:
    other_order = targets(("b", 2), ("a", 1))

    assert digest(REQUEST, targets=other_order, preview=PREVIEW) == FROZEN.digest


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(FROZEN, content="other"), id="content-revision"),
        pytest.param(replace(FROZEN, system="other"), id="system"),
        pytest.param(replace(FROZEN, runbook="ledger/other"), id="runbook"),
        pytest.param(replace(FROZEN, action="resend"), id="action"),
        pytest.param(replace(FROZEN, original_id="other"), id="original"),
        pytest.param(replace(FROZEN, params={"tenant": "x"}), id="parameters"),
        pytest.param(replace(FROZEN, inputs={"since": "1h"}), id="inputs"),
        pytest.param(replace(FROZEN, targets=targets(("a", 1))), id="a-target-less"),
        pytest.param(replace(FROZEN, targets=targets(("a", 1), ("b", 3))), id="a-target-s-amount"),
        pytest.param(replace(FROZEN, preview=replace(PREVIEW, answer=answer(("a", 9)))), id="preview"),
        pytest.param(replace(FROZEN, preview=replace(PREVIEW, answer=None)), id="no-preview"),
        pytest.param(replace(FROZEN, preview=replace(PREVIEW, before={})), id="evidence-the-calls-are-made-of"),
        pytest.param(replace(FROZEN, digest=None), id="no-digest"),
    ],
)
def test_a_stored_request_that_was_changed_is_not_as_approved(changed: Request) -> None:
    assert is_as_approved(FROZEN)

    assert not is_as_approved(changed)


@pytest.mark.parametrize(
    ("fresh", "may_shrink", "said"),
    [
        pytest.param(TWO, False, None, id="the-same"),
        pytest.param(targets(("b", 2), ("a", 1)), False, None, id="another-order"),
        pytest.param(
            targets(("a", 1), ("b", 2), ("c", 3)),
            False,
            "the targets changed from 2 to 3: 1 (c) new, 0 gone",
            id="one-more",
        ),
        pytest.param(targets(("a", 1)), False, "the targets changed from 2 to 1: 0 new, 1 (b) gone", id="one-less"),
        pytest.param(targets(("a", 1)), True, None, id="one-less-where-it-may-shrink"),
        pytest.param(
            targets(("a", 1), ("c", 2)),
            True,
            "the targets changed from 2 to 2: 1 (c) new, 1 (b) gone",
            id="one-swapped",
        ),
        pytest.param(targets(("a", 1), ("b", 9)), False, "1 of 2 targets have other values now", id="another-amount"),
        pytest.param(targets(("a", 9)), True, "1 of 2 targets have other values now", id="fewer-with-another-amount"),
    ],
)
def test_what_differs_about_the_targets_is_said(fresh: TargetSet, may_shrink: bool, said: str | None) -> None:
    assert changes(TWO, fresh, may_shrink=may_shrink) == said


@pytest.mark.parametrize(
    ("given", "column", "said"),
    [
        pytest.param(answer(("a", 1), cut=True), "id", "more than 1 targets", id="cut"),
        pytest.param(answer(("a", 1)), "key", "no column 'key'", id="no-such-column"),
        pytest.param(answer((None, 1)), "id", "a target has no 'id'", id="no-id"),
        pytest.param(answer(("", 1)), "id", "a target has no 'id'", id="empty-id"),
        pytest.param(answer(("a", 1), ("a", 2)), "id", "two targets have the same", id="twice-the-same"),
    ],
)
def test_targets_that_cannot_be_told_for_certain_are_refused(given: Answer, column: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        target_set(given, id_column=column)


@pytest.mark.parametrize(
    ("risk", "people"),
    [
        pytest.param(Risk.LOW, 1, id="low"),
        pytest.param(Risk.HIGH, 2, id="high"),
        pytest.param(Risk.SEVERE, 2, id="severe"),
    ],
)
def test_the_riskier_the_more_people(risk: Risk, people: int) -> None:
    assert needs(risk) == people


def test_an_approval_stays_fresh_until_the_request_expires_and_ten_minutes_at_least() -> None:
    early = replace(FROZEN, settled_at=NOON + timedelta(minutes=1))  # it expires at 12:30
    late = replace(FROZEN, settled_at=NOON + timedelta(minutes=29))

    assert not early.is_stale(NOON + timedelta(minutes=29))
    assert early.is_stale(NOON + timedelta(minutes=30))
    assert not late.is_stale(NOON + timedelta(minutes=38))
    assert late.is_stale(NOON + timedelta(minutes=39))


def test_only_an_open_request_becomes_approved() -> None:
    assert [state for state, following in LEADS_TO.items() if State.APPROVED in following] == [State.OPEN]


def test_what_has_ended_stays_ended() -> None:
    ended = {State.REFUSED, State.DENIED, State.EXPIRED, State.SUPERSEDED}

    assert all(not LEADS_TO[state] for state in ended)
