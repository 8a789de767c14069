"""Stripe's form encoding: `created[gte]=1`, `types[]=a`, `types[0]=a` as nested values."""

import re
from typing import TypeAlias

Params: TypeAlias = dict[str, "str | list[str] | dict[str, str]"]

_NAME = re.compile(r"^(?P<name>[a-z_0-9]+)(?:\[(?P<part>[a-z_0-9]*)\])?$")


class BadParam(ValueError):
    """A parameter Stripe would not know."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Received unknown parameter: {name}")
        self.name = name


def parse(pairs: list[tuple[str, str]]) -> Params:
    """Nest one level deep; that is all the calls served here use. Raises BadParam for anything deeper."""
    params: Params = {}
    for key, value in pairs:
        match = _NAME.match(key)
        if match is None:
            raise BadParam(key)
        name, part = match["name"], match["part"]
        if part is None:
            params[name] = value
        elif part == "" or part.isdigit():
            entry = params.setdefault(name, [])
            if not isinstance(entry, list):
                raise BadParam(key)
            entry.append(value)
        else:
            inner = params.setdefault(name, {})
            if not isinstance(inner, dict):
                raise BadParam(key)
            inner[part] = value
    return params


def text(params: Params, name: str) -> str | None:
    """A plain value; None when absent or nested."""
    value = params.get(name)
    return value if isinstance(value, str) else None


def texts(params: Params, name: str) -> list[str]:
    """A list value; empty when absent."""
    value = params.get(name)
    return value if isinstance(value, list) else []


def span(params: Params, name: str) -> tuple[float, float]:
    """An inclusive range of Unix seconds from `name[gte]`, `name[gt]`, `name[lte]`, `name[lt]` or an exact `name`."""
    value = params.get(name)
    low, high = float("-inf"), float("inf")
    if isinstance(value, str):
        return float(value), float(value)
    if isinstance(value, dict):
        low = max(low, float(value.get("gte", low)), float(value.get("gt", low)) + 1)
        high = min(high, float(value.get("lte", high)), float(value.get("lt", high)) - 1)
    return low, high
