"""Slack's cursors: an opaque string for where the next page starts."""

import base64
from collections.abc import Sequence
from typing import TypeVar

from sandbox.workspace.arguments import Arguments
from sandbox.workspace.errors import SlackError

T = TypeVar("T")


def page(items: Sequence[T], args: Arguments, *, default: int, most: int = 1000) -> tuple[list[T], str]:
    """One page as `limit` and `cursor` ask for it, and the cursor of the next ("" for the last)."""
    limit = args.number("limit", default=default, most=most)
    start = _start(args.text("cursor") or "")
    after = start + limit
    return list(items[start:after]), _cursor(after) if after < len(items) else ""


def _cursor(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
    except ValueError as error:
        raise SlackError("invalid_cursor") from error
    if word != "from" or not number.isdecimal():
        raise SlackError("invalid_cursor")
    return int(number)
