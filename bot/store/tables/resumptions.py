"""What people agreed to about the rest of an execution that had ended."""

from sqlalchemy import Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Table, Text

from bot.store.tables.base import Document, Moment, metadata

resumptions = Table(
    "resumptions",
    metadata,
    Column("request_id", ForeignKey("executions.request_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("person", String(64), nullable=False),  # who asks for it
    Column("asked_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("targets", Document, nullable=False),  # those that are left
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # bot.engine.resumption.State
    Column("needs", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("note", Text),
    Index("ix_resumptions_state", "state"),
)

resumption_votes = Table(
    "resumption_votes",
    metadata,
    Column("request_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("choice", String(16), nullable=False),  # bot.engine.approval.Choice
    Column("reason", Text),
    Column("at", Moment, nullable=False),
    Column("is_typed", Boolean, nullable=False, default=False),
    Column("is_proven", Boolean, nullable=False, default=False),
    ForeignKeyConstraint(["request_id", "number"], ["resumptions.request_id", "resumptions.number"]),
)
