"""Deliveries as received, the incidents they are folded into, and what was found out about them."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, text

from bot.store.tables.base import Document, Moment, Sequence, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("source", String(32), nullable=False),  # alertmanager | ops-events
    Column("received_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("folded_at", Moment),
    Column("error", Text),  # why it could not be folded; it is kept and shown, never dropped
    Index(
        "ix_deliveries_unfolded",
        "seq",
        sqlite_where=text("folded_at IS NULL"),
        postgresql_where=text("folded_at IS NULL"),
    ),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("key", String(64), nullable=False),  # hash of source, receiver, groupKey, rule, split labels
    Column("episode", Integer, nullable=False),  # 1, 2, … of the same key
    Column("state", String(16), nullable=False),  # firing | resolved
    Column("system", String(64), nullable=False),
    Column("event", String(200), nullable=False),
    Column("runbook", String(200), nullable=False),
    Column("content", String(64), nullable=False),  # content revision
    Column("severity", String(32), nullable=False),
    Column("channel", String(80), nullable=False),
    Column("title", Text, nullable=False),
    Column("labels", Document, nullable=False),
    Column("annotations", Document, nullable=False),
    Column("params", Document, nullable=False),
    Column("truncated", Integer, nullable=False, default=0),
    Column("external_url", Text, nullable=False, default=""),
    Column("started_at", Moment, nullable=False),  # the earliest startsAt
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("resolved_at", Moment),
    Column("acknowledged_by", String(64)),
    Column("acknowledged_at", Moment),
    Column("diagnoses", Integer, nullable=False, default=0),  # how many were ordered
    Column("group_labels", Document),  # what its alerts are grouped by; none where nobody said
    Column("first_severity", String(32)),  # what it was opened with; a worse one calls people again
    Column("reopenings", Integer, nullable=False, default=0, server_default="0"),  # how often it fired again
    Column("told_because", String(64)),  # why Alertmanager says it sent the latest notification
    Column("origin", String(16), nullable=False, server_default="alertmanager"),  # bot.engine.origin.Origin
    Column("opened_by", String(200)),  # a person, or a schedule by its name
    Column("closed_by", String(64)),
    Column("metadata", Document, nullable=False, server_default="{}"),  # of the ops events that hosts sent
    UniqueConstraint("key", "episode"),
    Index("ix_incidents_open", "state", "changed_at"),
)

incident_alerts = Table(
    "incident_alerts",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("starts_at", Moment, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("ends_at", Moment),
    Column("labels", Document, nullable=False),
    Column("annotations", Document, nullable=False),
    Column("generator_url", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("source", String(16), nullable=False, server_default="alertmanager"),
    Index(  # an event that a host sent is known wherever it went
        "ix_incident_alerts_events",
        "fingerprint",
        sqlite_where=text("source = 'ops-events'"),
        postgresql_where=text("source = 'ops-events'"),
    ),
)

diagnoses = Table(
    "diagnoses",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", String(64), nullable=False),
    Column("ordered_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("conclusions", Document),
    Column("error", Text),
)

answers = Table(
    "answers",
    metadata,
    Column("incident_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("question", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("evidence", Document, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("took", Integer, nullable=False),  # milliseconds
)
