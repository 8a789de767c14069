"""When something happens by itself: five cron fields, checked at load. Others compute the moments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from bot.engine.policy import WEEK

EVERY_DAY_THERE_IS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}  # by month; the others have 31

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PART = re.compile(r"(?P<first>\*|[a-z]+|\d{1,2})(?:-(?P<last>[a-z]+|\d{1,2}))?(?:/(?P<step>\d{1,2}))?")
_LAST = frozenset({"l", "last"})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Field:
    name: str
    lowest: int
    highest: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field(name="minute", lowest=0, highest=59),
    _Field(name="hour", lowest=0, highest=23),
    _Field(name="day", lowest=1, highest=31),
    _Field(name="month", lowest=1, highest=12, words=_MONTHS),
    _Field(name="day_of_week", lowest=0, highest=6, words=tuple(WEEK)),
)


class Cron(str):
    """`minute hour day month weekday`, as in `0 6 * * mon-fri`; `last` (or L) is a month's last day."""

    __slots__ = ()

    @property
    def fields(self) -> Mapping[str, str]:
        """Each field by its name, spelled as APScheduler reads it."""
        named = zip((field.name for field in _FIELDS), self.lower().split(), strict=True)
        return {name: ",".join("last" if part in _LAST else part for part in text.split(",")) for name, text in named}

    @property
    def names_an_hour(self) -> bool:
        """Whether it means certain hours of the day, and not every hour there is."""
        return not self.split()[1].startswith("*")


def _cron(text: str) -> Cron:
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        raise ValueError('a cron has five fields: minute hour day month weekday, such as "0 6 * * *"')
    values = {field.name: _values(part, field) for field, part in zip(_FIELDS, parts, strict=True)}
    if values["day"] is not None and all(
        min(values["day"]) > EVERY_DAY_THERE_IS.get(month, 31) for month in values["month"] or ()
    ):
        raise ValueError("no such day: none of these months has it, so it would never come")
    return Cron(" ".join(text.split()))


def _values(text: str, field: _Field) -> set[int] | None:
    """What a field names; None where it is a month's last day, whichever that is."""
    found: set[int] = set()
    is_last = False
    for part in text.split(","):
        if field.name == "day" and part in _LAST:
            is_last = True
        else:
            found |= _range(part, field)
    return None if is_last else found


def _range(part: str, field: _Field) -> set[int]:
    match = _PART.fullmatch(part)
    if match is None or (match["first"] == "*" and match["last"]):
        raise ValueError(f"{field.name}: cannot read {part!r}; write *, 5, 1-5, */10, or several with commas")
    step = int(match["step"] or 1)
    if step == 0:
        raise ValueError(f"{field.name}: /0 would never come")
    if match["first"] == "*":
        first, last = field.lowest, field.highest
    else:
        first = _number(match["first"], field)
        last = _number(match["last"], field) if match["last"] else (field.highest if match["step"] else first)
    if first > last:
        raise ValueError(f"{field.name}: {part} ends before it begins")
    return set(range(first, last + 1, step))


def _number(word: str, field: _Field) -> int:
    if word in field.words:
        return field.words.index(word) + field.lowest
    if field.name == "day_of_week":
        raise ValueError(f"day_of_week: write {', '.join(field.words)}: numbers mean other days to other crons")
    if not word.isdigit() or not field.lowest <= int(word) <= field.highest:
        raise ValueError(f"{field.name}: {word} is not within {field.lowest} to {field.highest}")
    return int(word)


CronText = Annotated[
    str,
    AfterValidator(_cron),
    WithJsonSchema({"type": "string", "examples": ["*/10 * * * *", "0 6 * * *", "0 9 last * *", "30 8 * * mon-fri"]}),
]
"""Text that is a Cron."""
