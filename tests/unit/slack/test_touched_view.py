"""What a card says of the targets that a request froze."""

from datetime import timedelta

import pytest

from bot.core.evidence import Cell, Column, Shown, Table
from bot.engine.request import Request, State, TargetSet
from bot.slack.card_views import Touched
from bot.slack.touched_view import touched
from tests.kit.moments import NOON

COLUMNS = (
    Column(name="id", shown=Shown.ID),
    Column(name="status", shown=Shown.ENUM),
    Column(name="email", shown=Shown.ID),
    Column(name="due_at", shown=Shown.TIME),
    Column(name="total_minor", shown=Shown.MINOR),
    Column(name="currency", shown=Shown.ENUM),
)


def seen(*rows: tuple[Cell, ...]) -> Touched:
    request = Request(
        id="r1", incident_id="i1", system="shop", runbook="shop/late", action="resend", content="c", original_id=None,
        requester="U0ANA", requested_at=NOON, reason=None, params={}, inputs={},
        targets=TargetSet(ids=tuple(str(row[0]) for row in rows), table=Table(columns=COLUMNS, rows=rows)),
        preview=None, digest=None, state=State.OPEN, needs=1, expires_at=None, settled_at=None, note=None,
    )  # fmt: skip
    found = touched(request, None)
    assert found is not None
    return found


def row(name: str, *, due: timedelta, email: str | None = None) -> tuple[Cell, ...]:
    return (name, "late", email, NOON + due, 1999, "eur")


def test_of_a_single_target_all_is_told_but_what_stands_elsewhere_or_is_not_there() -> None:
    one = seen(row("or_1", due=-timedelta(hours=2)))

    assert one.details == (("status", "late"), ("due at", "2026-11-21 10:00:00 UTC"))
    assert one.sums == ("19.99 EUR (total)",)
    assert one.oldest is None  # it is among the details


def test_what_looks_private_in_a_single_target_is_masked() -> None:
    one = seen(row("or_1", due=timedelta(), email="jane@example.com"))

    assert "jane" not in dict(one.details)["email"]


@pytest.mark.parametrize(
    ("due", "ahead"),
    [pytest.param(-timedelta(hours=2), None, id="past"), pytest.param(timedelta(hours=2), "due at", id="to-come")],
)
def test_of_several_the_earliest_moment_is_told_and_whether_it_is_yet_to_come(
    due: timedelta, ahead: str | None
) -> None:
    both = seen(row("or_1", due=due + timedelta(minutes=1)), row("or_2", due=due))

    assert both.details == ()
    assert both.oldest == NOON + due
    assert both.ahead == ahead
    assert both.sums == ("39.98 EUR (total)",)
