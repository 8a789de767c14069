"""An answer as a file: whole, masked like everything that leaves, and harmless to a spreadsheet."""

import csv
import io

import pytest

from bot.core.evidence import Answer, Column, Shown, Table
from bot.slack.sheet import sheet


def read(answer: Answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(sheet(answer).decode("utf-8-sig"))))


def answer(*rows: tuple[object, ...], cut: bool = False, **columns: Shown) -> Answer:
    made = tuple(Column(name=name, shown=shown) for name, shown in columns.items())
    return Answer(table=Table.model_validate({"columns": made, "rows": rows, "cut": cut}))


def test_every_row_and_column_is_in_it_as_it_may_leave() -> None:
    found = answer(
        ("in_1AbCdEfGhIjKlM", 1999, "eur", "jane.doe@example.com wrote, twice"),
        ("jane.doe@example.com", -50, "jpy", None),
        invoice=Shown.ID,
        amount=Shown.MINOR,
        currency=Shown.ENUM,
        note=Shown.TEXT,
    )

    assert read(found) == [
        ["invoice", "amount", "currency", "note"],
        ["in_1AbCdEfGhIjKlM", "19.99 EUR", "eur", "[e-mail] wrote, twice"],
        ["[masked]", "-50 JPY", "jpy", "–"],  # noqa: RUF001 - the dash that stands for nothing
    ]


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-cmd"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert read(answer((text,), note=Shown.TEXT))[1] == [f"'{text}"]


def test_more_rows_than_were_asked_for_are_told_of() -> None:
    assert read(answer((1,), cut=True, n=Shown.COUNT))[-1] == [
        "… the question asked for no more rows than these; there are more"
    ]


# A line of 300 letters takes 302: 3,311 of them stay below a million.
@pytest.mark.parametrize(
    ("rows", "wide", "left"), [pytest.param(5_003, 1, "3", id="rows"), pytest.param(4_000, 300, "689", id="size")]
)
def test_a_huge_answer_is_cut_and_says_so(rows: int, wide: int, left: str) -> None:
    made = sheet(answer(*[("x" * wide,)] * rows, note=Shown.TEXT)).decode("utf-8-sig")

    assert len(made) < 1_001_000
    assert made.splitlines()[-1] == f"… and {left} more rows"
