"""Where a message stands in Slack."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The channel's id, and the message's `ts`, which is its identity there and the root of its thread."""

    channel: str
    ts: str
