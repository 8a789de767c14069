"""Kill switches, engaged and released."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, text

from bot.store.tables.base import Moment, metadata

switches = Table(
    "switches",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(300), nullable=False),  # bot, bot:aivo, bot:aivo/dunning/skip; aivo/dunning
    Column("kind", String(16), nullable=False),  # bot.engine.switch.Kind
    Column("scope", String(36), nullable=False),  # the request that engaged it; empty for a bot switch
    Column("system", String(64)),  # none: every system
    Column("person", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),  # when somebody is reminded; it does not end by itself
    Column("is_verified", Boolean, nullable=False),
    Column("reminders", Integer, nullable=False, default=0),  # how many were said
    Column("released_at", Moment),
    Column("released_by", String(64)),
    Column("release_reason", Text),
    Index(
        "uq_switches_engaged",
        "name",
        "scope",
        unique=True,
        sqlite_where=text("released_at IS NULL"),
        postgresql_where=text("released_at IS NULL"),
    ),
)
