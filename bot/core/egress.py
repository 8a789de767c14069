"""What may leave: `mask` for every free text bound outside, `shown` for the typed cells of evidence."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial

from bot.core.evidence import Cell, Column, Shown
from bot.core.masking import PRIVATE, mask, masked_field
from bot.core.ports import Json
from bot.core.quoting import moment

__all__ = [
    "MASKED",
    "NOTHING",
    "TEXT_LIMIT",
    "hiding",
    "mask",
    "masked",
    "masked_field",
    "private_values",
    "shown",
    "without_private",
]

MASKED = "[masked]"
NOTHING = "–"  # noqa: RUF001 - an en dash reads as an empty cell
TEXT_LIMIT = 300
_SHORTEST_PRIVATE = 3  # shorter ones are parts of other words

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}(?: [A-Za-z0-9_.:/-]{1,32}){0,2}")  # `in trial` too, no sentence
_LONG_NUMBER = re.compile(r"(?<![\w.:-])\d(?:[ ]?\d){8,}(?![\w.:-])")
_FINITE = Decimal("1e300")  # beyond it a number stands for infinity (bot.core.evidence.UNBOUNDED)
_YES, _NO = frozenset({"true", "t", "yes", "1"}), frozenset({"false", "f", "no", "0"})

# How many digits of a minor-unit amount stand after the point; two where it is not listed. ISO 4217, but for three that
# Stripe counts otherwise, and all amounts here come from it: ISK and UGX in hundredths, MGA in whole ariary
# (docs.stripe.com/currencies).
_EXPONENTS: Mapping[str, int] = {
    **dict.fromkeys(
        "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UYI VND VUV XAF XOF XPF".split(),  # noqa: SIM905 - reads as a list
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}


def shown(cell: Cell, column: Column, row: Mapping[str, Cell]) -> str:
    """A cell as text that may leave, by its column's class; `row` gives an amount its `currency`.

    What does not look like its class is masked, never shown as it is.

    >>> shown(1999, Column(name="amount", shown=Shown.MINOR), {"currency": "eur"})
    '19.99 EUR'
    >>> shown("jane@example.com", Column(name="customer", shown=Shown.ID), {})
    '[masked]'
    """
    if cell is None:
        return NOTHING
    if column.shown is Shown.MINOR:
        return _minor(cell, row.get("currency"))
    if column.shown is Shown.TEXT:
        return _text(cell, name=column.name)
    return _SHOWN[column.shown](cell)


def masked(value: Json, *, name: str = "") -> Json:
    """A document whose every text is masked, by its look and by the name of its field.

    >>> masked({"ids": ["evt_1AbCdEfGh"], "inputs": {"email": "x", "note": "for jane@example.com"}, "count": 2})
    {'ids': ['evt_1AbCdEfGh'], 'inputs': {'email': '[private]', 'note': 'for [e-mail]'}, 'count': 2}
    """
    match value:
        case str():
            return masked_field(name, value)
        case Mapping():
            return {mask(key): masked(inner, name=key) for key, inner in value.items()}
        case Sequence():
            return [masked(inner, name=name) for inner in value]
        case _:
            return value


def without_private(text: str, *labels: Mapping[str, object]) -> str:
    """A text that was made of labels, such as an annotation, masked, and without those that are private by name.

    >>> without_private("Invoice of Jane Doe is overdue", {"customer_name": "Jane Doe", "severity": "high"})
    'Invoice of [private] is overdue'
    """
    return hiding(*labels)(text)


def hiding(*labels: Mapping[str, object]) -> Callable[[str], str]:
    """`without_private` for many texts of the same labels, which are looked through once."""
    values = private_values(*labels)

    def hidden(text: str) -> str:
        for value in values:
            text = text.replace(value, PRIVATE)
        return mask(text)

    return hidden


def private_values(*labels: Mapping[str, object]) -> list[str]:
    """The values of labels whose names say that they are private, the longest first."""
    pairs = [(name, str(value)) for each in labels for name, value in each.items()]
    found = {value for name, value in pairs if masked_field(name, value) == PRIVATE}
    return sorted((value for value in found if len(value) >= _SHORTEST_PRIVATE), key=lambda value: (-len(value), value))


def _word(cell: Cell, *, pattern: re.Pattern[str]) -> str:
    if isinstance(cell, bool | float | datetime):
        return MASKED
    text = str(cell).strip()
    if not text:
        return NOTHING
    return text if pattern.fullmatch(text) and mask(text) == text else MASKED


def _text(cell: Cell, *, name: str) -> str:
    line = _LONG_NUMBER.sub("[number]", masked_field(name, str(cell))).strip()
    return line if len(line) <= TEXT_LIMIT else line[: TEXT_LIMIT - 1].rstrip() + "…"


def _decimal(cell: Cell) -> Decimal | None:
    if isinstance(cell, bool | datetime) or cell is None:
        return None
    try:
        value = Decimal(str(cell))
    except InvalidOperation:
        return None
    if value.is_nan():
        return None
    return Decimal("Infinity").copy_sign(value) if not -_FINITE < value < _FINITE else value


def _grouped(value: Decimal) -> str:
    """Four decimals at most, three digits of what is tiny, six of what is huge; thousands set off by commas."""
    if not value.is_finite():
        return "∞" if value > 0 else "-∞"
    if value and abs(value) < Decimal("0.001"):
        return f"{value:.3g}"
    if abs(value) >= Decimal("1e15"):
        return f"{value:.6g}"
    text = f"{value:,.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _number(cell: Cell) -> str:
    value = _decimal(cell)
    return MASKED if value is None else _grouped(value)


def _ratio(cell: Cell) -> str:
    value = _decimal(cell)
    if value is None:
        return MASKED
    return f"{_grouped(value * 100)} %"


def _minor(cell: Cell, currency: Cell) -> str:
    value = _decimal(cell)
    if value is None or not value.is_finite():
        return MASKED
    code = str(currency).upper() if currency is not None else ""
    if not re.fullmatch(r"[A-Z]{3}", code):
        return f"{_grouped(value)} in minor units"
    digits = _EXPONENTS.get(code, 2)
    return f"{value.scaleb(-digits):,.{digits}f} {code}"


def _seconds(cell: Cell) -> str:
    value = _decimal(cell)
    if value is None:
        return MASKED
    if abs(value) >= Decimal("1e15"):
        return f"{_grouped(value)} s"
    sign, rest = ("-" if value < 0 else ""), abs(value)
    if rest < 1:
        return f"{sign}{_grouped((rest * 1000).quantize(Decimal('0.1')))} ms"
    if rest < 60:
        return f"{sign}{_grouped(rest.quantize(Decimal('0.1')))} s"
    left, parts = int(rest), []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, length)
        parts.append(f"{amount:,} {unit}" if amount else "")
    first = next(at for at, part in enumerate(parts) if part)
    return sign + " ".join(part for part in parts[first : first + 2] if part)


def _time(cell: Cell) -> str:
    try:
        at = moment(cell)
    except (ValueError, OverflowError, OSError):
        return MASKED
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _flag(cell: Cell) -> str:
    word = str(cell).strip().lower()
    return "yes" if word in _YES else "no" if word in _NO else MASKED


_SHOWN: Mapping[Shown, Callable[[Cell], str]] = {
    Shown.ID: partial(_word, pattern=_ID),
    Shown.ENUM: partial(_word, pattern=_WORD),
    Shown.COUNT: _number,
    Shown.NUMBER: _number,
    Shown.RATIO: _ratio,
    Shown.SECONDS: _seconds,
    Shown.TIME: _time,
    Shown.FLAG: _flag,
}
