"""A length of time in a content file: `90s`, `15m`, `3h`, `1d`."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from bot.core.quoting import duration


def _read(value: object) -> timedelta:
    """A number alone would leave its unit to be guessed."""
    read = duration(value) if isinstance(value, str) else value
    if not isinstance(read, timedelta):
        raise ValueError(  # noqa: TRY004 - pydantic turns only a ValueError into a finding
            "write a duration with its unit: 90s, 15m, 3h, 1d or 1h30m"
        )
    if read <= timedelta(0):
        raise ValueError("a duration must be longer than nothing")
    return read


Duration = Annotated[
    timedelta,
    BeforeValidator(_read),
    PlainSerializer(lambda d: f"{int(d.total_seconds())}s", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(ms|s|m|h|d|w))+$", "examples": ["30s", "15m", "3h"]}),
]
