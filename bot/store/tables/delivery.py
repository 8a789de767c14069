"""How Slack is approached: what may be called when, storms of incidents, and rounds of the canary."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from bot.store.tables.base import Moment, metadata

paces = Table(
    "paces",
    metadata,
    Column("key", String(200), primary_key=True),  # a method, a method and a channel, or * for all of Slack
    Column("free_at", Moment, nullable=False),  # when the bucket is full again
    Column("paused_until", Moment),  # Slack, or what it said, asks for a pause until then
    Column("why", String(200)),  # Slack's word for it
    Column("strikes", Integer, nullable=False, default=0),  # times in a row that it did not answer
)

storms = Table(
    "storms",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("channel", String(80), nullable=False),
    Column("kind", String(16), nullable=False),  # bot.engine.storm.Kind
    Column("began_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),  # when its newest incident was opened
    Column("ended_at", Moment),
    Index(  # one at a time in a channel, whatever two replicas see of each other
        "uq_storms_open",
        "channel",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

storm_incidents = Table(
    "storm_incidents",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),  # in one storm, ever
    Column("storm_id", ForeignKey("storms.id"), nullable=False),
    Column("is_opened", Boolean, nullable=False, default=False),  # it has a thread of its own
    Index("ix_storm_incidents_storm", "storm_id"),
)

canary_rounds = Table(
    "canary_rounds",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("sent_at", Moment),  # its alert was answered with 2xx
    Column("folded_at", Moment),
    Column("diagnosed_at", Moment),
    Column("delivered_at", Moment),
    Column("error", Text),
    Index("ix_canary_rounds_started", "started_at"),
)
