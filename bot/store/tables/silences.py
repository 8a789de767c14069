"""Silences of incidents, in Alertmanager."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, text

from bot.store.tables.base import Document, Moment, metadata

silences = Table(
    "silences",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False),
    Column("state", String(16), nullable=False),  # bot.engine.silence.State
    Column("matchers", Document, nullable=False),  # label -> value
    Column("person", String(64), nullable=False),
    Column("name", String(200), nullable=False),  # as Alertmanager's page names them
    Column("reason", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("number", String(64)),  # Alertmanager's id, once it is known
    Column("is_ours", Boolean, nullable=False),  # made elsewhere otherwise: it is shown and left alone
    Column("error", Text),
    Column("ended_by", String(64)),
    UniqueConstraint("incident_id", "number"),
    Index(
        "ix_silences_live",
        "incident_id",
        sqlite_where=text("state IN ('wanted', 'active', 'lifting')"),
        postgresql_where=text("state IN ('wanted', 'active', 'lifting')"),
    ),
    Index(  # one of ours at a time
        "uq_silences_ours",
        "incident_id",
        unique=True,
        sqlite_where=text("is_ours AND state IN ('wanted', 'active', 'lifting')"),
        postgresql_where=text("is_ours AND state IN ('wanted', 'active', 'lifting')"),
    ),
)
