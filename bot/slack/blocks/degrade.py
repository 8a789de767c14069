"""Simpler ways to say the same, for when Slack refuses the first: without its table block, then without blocks."""

from collections.abc import Sequence

from bot.core.ports import Json
from bot.slack import words
from bot.slack.blocks.layout import TEXT, BlockJson, Post, aligned, as_json, preformatted
from bot.slack.text import Plain, Safe, clip, safe

_ROOM = TEXT - len(words.PLAIN_ONLY) - 1


def simpler(text: str, blocks: Sequence[BlockJson]) -> list[Post]:
    """What to try after `blocks` were refused, best first; the last is words alone and is always taken."""
    first = [Post(text=Safe(text), blocks=without_tables(blocks))] if _has_table(blocks) else []
    return [*first, Post(text=in_words(text, blocks), blocks=())]


def without_tables(blocks: Sequence[BlockJson], *, limit: int | None = 3_000) -> tuple[BlockJson, ...]:
    """The same blocks with each table set in fixed-width letters, at most `limit` of them."""
    return tuple(_set(block, limit) if block["type"] == "table" else block for block in blocks)


def in_words(text: str, blocks: Sequence[BlockJson]) -> Safe:
    """What the blocks say as one text of the length Slack takes, with a note that buttons are missing."""
    return Safe(f"{clip(whole(text, blocks), _ROOM)}\n{words.PLAIN_ONLY}")


def is_cut(text: str, blocks: Sequence[BlockJson]) -> bool:
    """Whether words alone leave something out; a file then holds the whole."""
    return len(whole(text, blocks)) > _ROOM


def is_cut_table(blocks: Sequence[BlockJson]) -> bool:
    """Whether a table set in fixed-width letters loses rows."""
    return without_tables(blocks) != without_tables(blocks, limit=None)


def whole(text: str, blocks: Sequence[BlockJson]) -> Safe:
    """All that the blocks say, however long."""
    return Safe("\n".join(part for part in map(_in_words, without_tables(blocks, limit=None)) if part) or text)


def _in_words(block: BlockJson) -> str:
    match block["type"]:
        case "section":
            return _text_of(block)
        case "context":
            return " · ".join(filter(None, map(_text_of, _list(block["elements"]))))
        case "header":
            return safe(_text_of(block))  # it was no markup there, and must not become any here
        case "rich_text":
            return _fenced(block)
    return ""


def _fenced(block: BlockJson) -> str:
    """Our fixed-width letters as markup: escaped, for here it is read."""
    inside = _letters(block)
    return f"```{safe(inside.replace('`', chr(39)))}```" if inside else ""


def _letters(part: Json) -> str:
    """Every text inside rich text, one after the other."""
    match part:
        case {"type": "text" | "raw_text" | "link", "text": str() as text}:
            return text
        case {"type": "date", "fallback": str() as text}:
            return text
        case dict():
            return "".join(_letters(inner) for inner in part.values())
        case list():
            return "".join(_letters(inner) for inner in part)
    return ""


def _has_table(blocks: Sequence[BlockJson]) -> bool:
    return any(block["type"] == "table" for block in blocks)


def _set(block: BlockJson, limit: int | None) -> BlockJson:
    rows = [[_letters(cell) for cell in row] for row in _list(block["rows"]) if isinstance(row, list)]
    settings = [each for each in _list(block.get("column_settings")) if isinstance(each, dict)]
    right = [each.get("align") == "right" for each in settings] or [False] * len(rows[0])
    letters = aligned(rows[0], rows[1:], right=right)
    return as_json([preformatted(letters if limit is None else clip_lines(letters, limit))])[0]


def clip_lines(text: Plain, limit: int) -> Plain:
    """Whole lines only, at most `limit` characters, and how many lines are left out."""
    if len(text) <= limit:
        return text
    lines = text.split("\n")
    kept = lines
    while kept and len("\n".join(kept)) > limit - 30:
        kept = kept[:-1]
    return Plain("\n".join([*kept, f"… and {len(lines) - len(kept)} more rows"]))


def _text_of(part: Json) -> str:
    """The text of a section, or of a table's cell."""
    if not isinstance(part, dict):
        return ""
    inner = part.get("text")
    return inner if isinstance(inner, str) else _text_of(inner)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
