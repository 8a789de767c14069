"""A value from outside as a cell of its declared class; a value of another type is an error, never a guess."""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from bot.core.egress import mask
from bot.core.errors import ExpressionError
from bot.core.evidence import UNBOUNDED, Cell, Shown
from bot.core.quoting import moment

_LONGEST = 2000  # characters of one cell that are kept


def cell(value: object, *, shown: Shown, name: str) -> Cell:
    """The cell of column `name`. NaN is None; an infinity is UNBOUNDED. Raises ExpressionError on a wrong type."""
    if value is None:
        return None
    try:
        return _READ[shown](value)
    except (ValueError, OverflowError) as error:
        # The value itself stays out of the text: it may be what must not be shown.
        raise ExpressionError(f"{name} is declared {shown}, but a value is {type(value).__name__}: {error}") from None


def _text(value: object) -> str:
    match value:
        case str():
            text = value
        case UUID() | int() | float() | Decimal() | date() | time():
            text = str(value)
        case _:
            raise ValueError("not a single text")
    # Neither JSON in PostgreSQL nor UTF-8 can hold these.
    storable = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return storable if len(storable) <= _LONGEST else storable[: _LONGEST - 1] + "…"


def _free_text(value: object) -> str:
    """Masked already here, so that what must not leave is not even kept."""
    return mask(_text(value))


def _word(value: object) -> str:
    match value:
        case bool():
            raise ValueError("a flag is not a word")
        case _:
            return _text(value)


def _number(value: object) -> int | float | None:
    match value:
        case bool():
            raise ValueError("a flag is not a number")
        case int():
            return value
        case float() if math.isfinite(value):
            return value
        case float():
            return None if math.isnan(value) else math.copysign(UNBOUNDED, value)
        case Decimal():
            return _number(int(value) if value == value.to_integral_value() else float(value))
        case str():
            return _parsed(value)
    raise ValueError("not a number")


def _parsed(text: str) -> int | float | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number") from None
    return _number(number if number.is_finite() else float(number))


def _whole(value: object) -> int | None:
    number = _number(value)
    if number is None or isinstance(number, int):
        return number
    if not number.is_integer():
        raise ValueError("not a whole number")
    return int(number)


def _seconds(value: object) -> int | float | None:
    return value.total_seconds() if isinstance(value, timedelta) else _number(value)


def _moment(value: object) -> datetime:
    if isinstance(value, date) and not isinstance(value, datetime):
        return moment(datetime.combine(value, time()))
    try:
        return moment(value)
    except (OSError, OverflowError, ValueError):
        raise ValueError("not a time") from None


def _flag(value: object) -> bool:
    if value is True or value is False:
        return value
    if value in (0, 1) and isinstance(value, int):  # SQLite's flags
        return value == 1
    raise ValueError("not true or false")


_READ: Mapping[Shown, Callable[[object], Cell]] = {
    Shown.ID: _word,
    Shown.COUNT: _whole,
    Shown.NUMBER: _number,
    Shown.RATIO: _number,
    Shown.MINOR: _number,
    Shown.SECONDS: _seconds,
    Shown.TIME: _moment,
    Shown.ENUM: _word,
    Shown.FLAG: _flag,
    Shown.TEXT: _free_text,
}
