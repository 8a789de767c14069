"""What was found out about options that are `auto`; what was known stays known while it cannot be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.core.canonical import sha256
from bot.engine.detection import AUTO, Option
from bot.engine.options import with_options
from bot.engine.system import System
from bot.store.database import insert_new
from bot.store.tables import detections


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The value of one option, once it was found out; `error` is what kept the latest asking from it."""

    value: Option | None
    detected_at: datetime | None
    asked_at: datetime
    error: str | None


Key = tuple[str, str, str]
"""System, option, and the digest of how it is asked."""


def key_of(system: System, option: str) -> Key:
    """Under which its value is kept: asked another way, it is to be found out anew."""
    said = system.detect[option].model_dump(mode="json", by_alias=True, exclude_none=True)
    return system.system, option, sha256(said)


def resolved(system: System, known: Mapping[Key, Found]) -> System:
    """The system with its `auto` options as they were found out; one that was not is missing, and says why."""
    values: dict[str, Option] = {}
    why: dict[str, str] = {}
    for option in system.detect:
        found = known.get(key_of(system, option))
        if system.options.get(option) != AUTO or found is None:
            continue
        if found.value is not None:
            values[option] = found.value
        elif found.error:
            why[option] = found.error
    return with_options(system, values, why=why)


def every(conn: Connection) -> Mapping[Key, Found]:
    """All that was ever asked."""
    return {
        (row.system, row.option, row.definition): Found(
            value=row.value["value"] if row.value else None,
            detected_at=row.detected_at,
            asked_at=row.asked_at,
            error=row.error,
        )
        for row in conn.execute(select(detections))
    }


def found(conn: Connection, key: Key, value: Option, now: datetime) -> None:
    """Keeps a value."""
    _put(conn, key, {"value": {"value": value}, "detected_at": now, "asked_at": now, "error": None})


def not_found(conn: Connection, key: Key, error: str, now: datetime) -> None:
    """Keeps why there is none now; an older value stays."""
    _put(conn, key, {"asked_at": now, "error": error})


def _put(conn: Connection, key: Key, values: Mapping[str, object]) -> None:
    system, option, definition = key
    named = {"system": system, "option": option, "definition": definition}
    if not insert_new(conn, detections, {**named, **values}):
        conn.execute(
            update(detections).where(*(detections.c[name] == each for name, each in named.items())).values(values)
        )
