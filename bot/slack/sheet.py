"""An answer as a file of comma-separated values: every cell as egress shows it, and plain text to a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from bot.core.egress import shown
from bot.core.evidence import Answer
from bot.slack.text import Plain, cell, plain
from bot.slack.words import counted

_MOST_ROWS = 5_000
_MOST_CHARACTERS = 1_000_000
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d∞])")  # what begins so a spreadsheet would work out


def sheet(answer: Answer) -> bytes:
    """A head and its rows; the last line says what is not there, if anything is not. With the mark Excel wants."""
    kept: list[str] = []
    size = 0
    for row in _rows(answer):
        line = _line(row)
        if len(kept) > _MOST_ROWS or size + len(line) > _MOST_CHARACTERS:
            break
        kept.append(line)
        size += len(line)
    left = len(answer.table.rows) - (len(kept) - 1)
    if left:
        kept.append(_line([Plain(f"… and {counted(left, 'more row')}")]))
    elif answer.table.cut:
        kept.append(_line([Plain("… the question asked for no more rows than these; there are more")]))
    return "".join(kept).encode("utf-8-sig")


def _rows(answer: Answer) -> Iterator[Sequence[Plain]]:
    columns = answer.table.columns
    yield [plain(column.name) for column in columns]
    for row in answer.table.rows:
        by_name = {column.name: value for column, value in zip(columns, row, strict=True)}
        yield [cell(shown(value, column, by_name)) for column, value in zip(columns, row, strict=True)]


def _line(row: Sequence[Plain]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{text}" if _FORMULA.match(text) else text for text in row])
    return out.getvalue()
