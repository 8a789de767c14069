"""One spelling for every JSON value, so that equal values have equal digests."""

import hashlib
import json

from pydantic import BaseModel

from bot.core.ports import Json


def canonical(value: Json) -> str:
    """JSON text with sorted keys, no spaces and no NaN. Raises ValueError on what JSON cannot say.

    >>> canonical({"b": 1, "a": ["é", None]})
    '{"a":["é",null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(value: Json) -> str:
    """The hex digest of a value's canonical spelling."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def plain(value: BaseModel) -> Json:
    """A model as JSON that any database keeps: times as text, a NaN as null."""
    read: Json = json.loads(value.model_dump_json())
    return read
