"""The few shapes our messages are made of, each within Slack's limits whatever is put into it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    InteractiveElement,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    PlainTextObject,
    RichTextBlock,
    SectionBlock,
    StaticSelectElement,
    TableBlock,
)

from bot.core.ports import Json
from bot.slack.text import DATE_FORMAT, Plain, Safe, clip, clip_plain, is_web

MAX_BLOCKS = 50
MAX_CHARACTERS = 12_000  # over all blocks; Slack refuses at about 13,200, which it does not document
MAX_TABLE_CHARACTERS = 9_000
MAX_TABLE_ROWS = 100
MAX_TABLE_COLUMNS = 20
MAX_OPTIONS = 25  # of a menu; Slack takes a hundred, but they weigh as much as text
SECTION = 3_000
CONTEXT = 2_000
TEXT = 3_000  # of the notification beside the blocks; Slack cuts at 4,000

BlockJson = dict[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A table's cell: its text, and where it is a moment or leads somewhere, that too."""

    text: Plain
    at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A message as it will be sent: the text of its notification, and its blocks."""

    text: Safe
    blocks: tuple[BlockJson, ...]


def header(text: Plain) -> Block:
    return HeaderBlock(text=PlainTextObject(text=clip_plain(text, 150) or "…", emoji=True))


def section(text: Safe) -> Block:
    return SectionBlock(text=_markdown(clip(text, SECTION)))


def beside(text: Safe, element: InteractiveElement) -> Block:
    """A text with a button at its side, whose action stands once in a message."""
    return SectionBlock(text=_markdown(clip(text, SECTION)), accessory=element, block_id=element.action_id)


def sections(lines: Iterable[Safe]) -> list[Block]:
    """Lines in as few sections as hold them; a line that is itself too long is cut."""
    found: list[Block] = []
    chunk = ""
    for line in (clip(line, SECTION) for line in lines if line):
        if chunk and len(chunk) + 1 + len(line) > SECTION:
            found.append(section(Safe(chunk)))
            chunk = ""
        chunk = f"{chunk}\n{line}" if chunk else line
    return [*found, section(Safe(chunk))] if chunk else found


def context(*texts: Safe) -> Block:
    """Small grey print; at most ten parts."""
    return ContextBlock(elements=[_markdown(clip(text, CONTEXT)) for text in texts if text][:10])


def button(
    text: Plain,
    *,
    action_id: str,
    value: str | None = None,
    url: str | None = None,
    style: str | None = None,
    confirm: ConfirmObject | None = None,
) -> InteractiveElement:
    return ButtonElement(
        text=plain_text(text, 75), action_id=action_id, value=value, url=url, style=style, confirm=confirm
    )


def confirm(*, title: Plain, text: Safe, yes: Plain, no: Plain, danger: bool = False) -> ConfirmObject:
    return ConfirmObject(
        title=plain_text(title, 100),
        text=_markdown(clip(text, 300)),
        confirm=plain_text(yes, 30),
        deny=plain_text(no, 30),
        style="danger" if danger else None,
    )


def menu(placeholder: Plain, *, action_id: str, options: Sequence[tuple[Plain, str]]) -> InteractiveElement:
    """A choice of values: an overflow menu up to five, a list beyond."""
    made = [Option(text=plain_text(text, 75), value=value) for text, value in options[:MAX_OPTIONS]]
    if len(made) <= 5:
        return OverflowMenuElement(action_id=action_id, options=made)
    return StaticSelectElement(action_id=action_id, placeholder=plain_text(placeholder, 150), options=made)


def actions(elements: Sequence[InteractiveElement], *, block_id: str) -> Block:
    """A row of buttons, under an id that outlives edits: a click made while one arrives still finds its button.

    A list shows what was chosen for as long as its block lives, so a row with a list is a new one at each edit.
    """
    kept = None if any(isinstance(each, StaticSelectElement) for each in elements) else block_id
    return ActionsBlock(elements=list(elements[:25]), block_id=kept)


def table(head: Sequence[Plain], rows: Sequence[Sequence[Piece]], *, right: Sequence[bool]) -> Block:
    """A table with a head; `right` says which columns hold numbers. Slack takes one in a message."""
    shown = [[_cell(piece) for piece in row[:MAX_TABLE_COLUMNS]] for row in rows[: MAX_TABLE_ROWS - 1]]
    return TableBlock(
        rows=[[_raw(text) for text in head[:MAX_TABLE_COLUMNS]], *shown],
        column_settings=[{"align": "right" if is_right else "left"} for is_right in right[:MAX_TABLE_COLUMNS]],
    )


def preformatted(text: Plain) -> Block:
    """Fixed-width text, taken letter by letter: no markup in it means anything."""
    inside = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text or " "}]}
    return RichTextBlock(elements=[inside])


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[bool]) -> Plain:
    """A table in fixed-width letters, for where Slack takes no table."""
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(cells, widths, right, strict=True)
        )
        return "  ".join(padded).rstrip()

    return Plain("\n".join(line(cells) for cells in lines))


def as_json(blocks: Iterable[Block]) -> tuple[BlockJson, ...]:
    return tuple(block.to_dict() for block in blocks)


def characters(value: Json) -> int:
    """How much text a document holds, as Slack seems to count it: every string that is not just a kind."""
    match value:
        case str():
            return len(value)
        case dict():
            return sum(characters(inner) for key, inner in value.items() if key != "type")
        case list() | tuple():
            return sum(characters(inner) for inner in value)
        case _:
            return 0


def fits(blocks: Sequence[BlockJson]) -> bool:
    tables = [block for block in blocks if block["type"] == "table"]
    return (
        0 < len(blocks) <= MAX_BLOCKS
        and len(tables) <= 1
        and characters(tables) <= MAX_TABLE_CHARACTERS
        and characters(list(blocks)) <= MAX_CHARACTERS
    )


def first_that_fits(render: Callable[[int], Sequence[Block]], sizes: Sequence[int]) -> tuple[BlockJson, ...]:
    """The fullest rendering that Slack takes. `sizes` goes down; the last must fit whatever it is given."""
    for size in sizes[:-1]:
        blocks = as_json(render(size))
        if fits(blocks):
            return blocks
    return as_json(render(sizes[-1]))


def _markdown(text: Safe) -> MarkdownTextObject:
    # verbatim: otherwise Slack turns @names, #channels and addresses in alert text into mentions and links
    return MarkdownTextObject(text=text or "…", verbatim=True)


def plain_text(text: Plain, limit: int) -> PlainTextObject:
    """Text where Slack reads no markup, on one line."""
    return PlainTextObject(text=clip_plain(text, limit) or "…", emoji=True)


def _cell(piece: Piece) -> dict[str, Json]:
    """Plain text; a moment in the reader's own zone, and a link, are rich text."""
    if piece.at is not None and piece.at.timestamp() >= 0:
        at = int(piece.at.timestamp())
        return _rich({"type": "date", "timestamp": at, "format": DATE_FORMAT, "fallback": piece.text})
    if piece.url is not None and is_web(piece.url):
        return _rich({"type": "link", "url": piece.url, "text": clip_plain(piece.text, 200)})
    return _raw(piece.text)


def _rich(inside: dict[str, Json]) -> dict[str, Json]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [inside]}]}


def _raw(text: Plain) -> dict[str, Json]:
    return {"type": "raw_text", "text": clip_plain(text, 200) or "–"}  # noqa: RUF001 - the dash that stands for nothing
