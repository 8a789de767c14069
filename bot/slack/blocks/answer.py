"""One answer on the page: facts on a line, or a table, each cell shown by its class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Block

from bot.core.egress import shown
from bot.core.evidence import Answer, Cell, Column, Failure, Shown
from bot.core.quoting import moment
from bot.slack import evidence_words as words
from bot.slack.blocks.layout import MAX_TABLE_COLUMNS, Piece, aligned, preformatted, section, sections, table
from bot.slack.links import Mode, stripe_link
from bot.slack.text import Plain, Safe, bold, cell, clip, clip_plain, in_utc, joined, link, plain, when
from bot.slack.views import Asked
from bot.slack.words import label

_NUMBERS = frozenset({Shown.COUNT, Shown.NUMBER, Shown.RATIO, Shown.MINOR, Shown.SECONDS})
_SENTENCES = 5  # rows that are read one after the other where a line has no room for all their columns
_FACTS = 12  # columns of a single row that are still read as a line


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """An answer's first cells as they are shown; `total` counts the rows there are."""

    head: tuple[Plain, ...]
    rows: tuple[tuple[Piece, ...], ...]
    total: int
    right: tuple[bool, ...]
    is_cut: bool

    @property
    def is_line(self) -> bool:
        return self.total == 1 and len(self.head) <= _FACTS


def grid(answer: Answer, *, rows: int, mode: Mode | None = None) -> Grid:
    """The cells of the first rows; `mode` is the one of Stripe whose dashboard its ids lead to."""
    columns = _told(answer.table.columns)
    made = []
    for row in answer.table.rows[:rows]:
        by_name = {column.name: value for column, value in zip(answer.table.columns, row, strict=True)}
        made.append(tuple(_shown(by_name[column.name], column, by_name, mode) for column in columns))
    return Grid(
        head=tuple(plain(label(column.name)) for column in columns),
        rows=tuple(made),
        total=len(answer.table.rows),
        right=tuple(column.shown in _NUMBERS for column in columns),
        is_cut=answer.table.cut,
    )


def _told(columns: Sequence[Column]) -> Sequence[Column]:
    """Without the currency, where amounts say it."""
    if not any(column.shown is Shown.MINOR for column in columns):
        return columns
    return [column for column in columns if column.name != "currency"]


def _shown(value: Cell, column: Column, row: Mapping[str, Cell], mode: Mode | None) -> Piece:
    """A cell as egress shows it; a time to the minute, an id with where it leads."""
    at = _moment(value) if column.shown is Shown.TIME else None
    if at is not None:
        return Piece(text=plain(in_utc(at)), at=at)
    text = cell(shown(value, column, row))
    return Piece(text=text, url=stripe_link(text, mode) if column.shown is Shown.ID else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A question whose cells have been made text, once for all the sizes a message is tried in."""

    asked: Asked
    cells: Grid | None

    @property
    def width(self) -> int:
        """How many columns it has."""
        return len(self.cells.head) if self.cells is not None else 0

    @property
    def is_table(self) -> bool:
        """Whether there is anything in it."""
        return self.cells is not None and bool(self.cells.rows and self.cells.head)

    @property
    def wants_table(self) -> bool:
        """Whether it reads best as a table."""
        return self.cells is not None and self.is_table and not self.cells.is_line


def read(asked: Asked, *, rows: int, mode: Mode | None = None) -> Read:
    """Makes the cells of an answer's first rows text."""
    found = asked.evidence
    return Read(asked=asked, cells=grid(found, rows=rows, mode=mode) if isinstance(found, Answer) else None)


def is_short(each: Read, *, rows: int, as_table: bool) -> bool:
    """Whether a message leaves out rows or columns of its answer that we have."""
    cells = each.cells
    if cells is None or not each.wants_table:
        return False
    if min(rows, len(cells.rows)) < cells.total:
        return True
    if as_table:
        return len(cells.head) > MAX_TABLE_COLUMNS
    return _columns_that_fit(cells) < len(cells.head) and cells.total > _SENTENCES


def question(each: Read, *, rows: int, as_table: bool, is_filed: bool = False) -> list[Block]:
    """A question with its answer, at most `rows` rows of it; `as_table` where the message has no table yet.

    `is_filed` says that a file with the whole answer follows.
    """
    match each.asked.evidence, each.cells:
        case Failure() as failure, _:
            return [section(words.no_answer(each.asked.title, failure))]
        case Answer() as answer, Grid() as cells:
            title = words.answered(each.asked.title, status=answer.status)
            if not cells.rows or not cells.head:
                return [section(words.nothing_found(each.asked.title) if cells.head else title)]
            if cells.is_line and answer.table.columns[0].name == "value" and len(cells.head) == 1:
                return [section(words.one_value(title, cells.rows[0][0].text))]
            if cells.is_line:
                return [section(Safe(f"{title}\n{clip(facts(cells, cells.rows[0]), 2_500 if rows > 3 else 300)}"))]
            return [section(title), *_many(cells, rows=rows, as_table=as_table, is_filed=is_filed)]
    raise AssertionError("an answer is read with its cells")


def facts(cells: Grid, row: Sequence[Piece]) -> Safe:
    """A row as `name: value · name: value`, times in the reader's own zone."""
    named = zip(cells.head, map(_said, row), strict=True)
    return joined((clip(words.fact(name, value), 400) for name, value in named), " · ")


def _said(piece: Piece) -> Safe:
    if piece.at is not None:
        return when(piece.at)
    if piece.url is not None:
        return link(piece.url, piece.text)
    return bold(clip_plain(piece.text, 200))


def _many(cells: Grid, *, rows: int, as_table: bool, is_filed: bool) -> list[Block]:
    columns = MAX_TABLE_COLUMNS if as_table else _columns_that_fit(cells)
    if columns < len(cells.head) and cells.total <= _SENTENCES and rows and not as_table:
        told = [clip(Safe(f"• {facts(cells, row)}"), 900) for row in cells.rows[:rows]]
        return [*sections(told), *_left_out(cells, rows=len(told), columns=len(cells.head), is_filed=is_filed)]
    kept = [row[:columns] for row in cells.rows[:rows]]
    head, right = cells.head[:columns], cells.right[:columns]
    made: list[Block] = []
    if kept and as_table:
        made.append(table(head, kept, right=right))
    elif kept:
        short = [[clip_plain(each.text, 40) for each in row] for row in kept]
        made.append(preformatted(aligned([clip_plain(name, 40) for name in head], short, right=right)))
    return made + _left_out(cells, rows=len(kept), columns=columns, is_filed=is_filed)


def _left_out(cells: Grid, *, rows: int, columns: int, is_filed: bool) -> list[Block]:
    left = words.rows_left_out(shown=rows, rows=cells.total, is_cut=cells.is_cut)
    notes = [left] if left else []
    if columns < len(cells.head):
        notes.append(words.columns_left_out(len(cells.head) - columns))
    if is_filed:
        notes.append(words.IN_A_FILE)
    return [section(joined(notes, " "))] if notes else []


def _moment(cell: Cell) -> datetime | None:
    try:
        return moment(cell) if cell is not None else None
    except (ValueError, OverflowError, OSError):
        return None  # it does not look like a time: egress masks it


def _columns_that_fit(cells: Grid, *, width: int = 60) -> int:
    """How many columns a line of fixed-width letters has room for in a thread."""
    used = 0
    for at, widest in enumerate(_widths(cells)):
        used += widest + 2
        if used > width and at > 0:
            return at
    return len(cells.head)


def _widths(cells: Grid) -> Sequence[int]:
    lines = [cells.head, *([piece.text for piece in row] for row in cells.rows)]
    return [max(min(len(line[at]), 40) for line in lines) for at in range(len(cells.head))]
