"""Stripe: what kind of key it is, whether it may read what the runbooks ask for, and which version it speaks."""

from collections.abc import Iterable, Mapping
from typing import cast

from bot.adapters.stripe import StripeReader
from bot.core.errors import CountersignError, Refused
from bot.core.ports import Json
from bot.doctor.finding import Finding, Findings, broken, ok, skipped, warning

_SECONDS = 10.0


def stripe(
    reader: StripeReader, key: str, lists: Iterable[str], *, version: str | None, write_key: str | None, where: str
) -> Findings:
    """`lists` are paths of lists that the runbooks read. Raises one of our errors when Stripe does not answer."""
    mode = _mode(key)
    if key.startswith("rk_"):
        yield ok(where, f"a restricted key, {mode} mode")
    else:
        yield warning(where, f"no restricted key ({mode} mode): it may do anything", "Read with a restricted key")
    if write_key is not None and _mode(write_key) != mode:
        yield broken(where, f"its write key is for {_mode(write_key)} mode", "Take both keys of one account and mode")
    refused = []
    for path in sorted(set(lists)):
        try:
            found = reader.get(path, {"limit": 1}, timeout=_SECONDS)
        except Refused as error:
            if error.status in {401, 403}:
                refused.append(path)
            continue
        if path == "/v1/events":
            yield from _version(found, version, where=where)
    if refused:
        yield broken(where, f"the key may not read {', '.join(refused)}", "Give it read permission for these")
    else:
        yield ok(where, "the key may read everything that the runbooks ask for")
    yield _account(reader, where)


def _account(reader: StripeReader, where: str) -> Finding:
    try:
        account = reader.get("/v1/account", {}, timeout=_SECONDS)
    except CountersignError:
        return skipped(where, "which account it is cannot be seen with this key")
    return ok(where, f"account {cast(Mapping[str, Json], account).get('id', 'unknown')}")


def _version(found: Json, pinned: str | None, *, where: str) -> Findings:
    events = cast(list[Mapping[str, Json]], cast(Mapping[str, Json], found).get("data") or [])
    made = events[0].get("api_version") if events else None
    if pinned and made and made != pinned:
        what = f"events are made by API version {made}, the rules file pins {pinned}"
        yield warning(where, what, "Fields of events may stand elsewhere than of objects that are asked for")


def _mode(key: str) -> str:
    parts = key.split("_")
    return parts[1] if len(parts) > 2 and parts[1] in {"live", "test"} else "unknown"
