"""The canary's one message, edited in each round."""

from datetime import datetime

from sqlalchemy import Connection

from bot.slack.blocks.layout import Post, as_json, section
from bot.slack.text import Safe, joined, safe, when
from bot.store import canary


def subject(channel: str) -> str:
    """The subject of the message: one in a channel, for ever."""
    return f"canary:{channel}"


def canary_message(conn: Connection, *, diagnosed_at: datetime | None) -> Post:
    """When the round under way began, how far it came, and when the last one was complete."""
    this = canary.latest(conn)
    began = Safe(f"round of {when(this.started_at)}") if this else Safe("no round yet")
    took = (
        Safe(f"diagnosed after {(diagnosed_at - this.started_at).total_seconds():.1f} s")
        if this and diagnosed_at and diagnosed_at >= this.started_at
        else Safe("")
    )
    trouble = safe(this.error) if this and this.error else Safe("")
    said = joined((Safe(":hatched_chick: *Canary*"), began, took, trouble), " · ")
    about = Safe("A test alert of our own takes the whole way to this message. Nobody needs to do anything.")
    return Post(text=Safe("Canary"), blocks=as_json([section(joined((said, about), "\n"))]))
