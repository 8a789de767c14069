"""What Slack is told beside messages: answers that only one person saw, and the Homes that were opened."""

from sqlalchemy import Column, Index, String, Table, Text

from bot.store.tables.base import Document, Moment, metadata

private_answers = Table(
    "private_answers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("asked", Text, nullable=False),  # what was typed, to be shown beside it
    Column("text", Text, nullable=False),
    Column("blocks", Document, nullable=False),
    Column("at", Moment, nullable=False),
    Column("shared_at", Moment),
    Index("ix_private_answers_at", "at"),
)

homes = Table(
    "homes",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("opened_at", Moment, nullable=False),
    Column("looked_at", Moment, nullable=False),  # when a replica last took it up, to see whether it is true
    Column("shown", String(64)),  # digest of what it shows; none when it is to be published whatever it says
)
