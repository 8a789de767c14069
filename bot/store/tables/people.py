"""People: their authenticator apps, and what Slack said of them last."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from bot.store.tables.base import Document, Moment, metadata

enrolments = Table(  # of authenticator apps; their secrets are derived and stand nowhere
    "enrolments",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("number", Integer, nullable=False),  # 1, 2, … each with a secret of its own
    Column("enrolled_at", Moment, nullable=False),
    Column("last_step", BigInteger, nullable=False),  # the newest time step whose code was used
    Column("failures", Integer, nullable=False),  # wrong codes in a row
    Column("locked_until", Moment),
    Column("revoked_at", Moment),
)

known_people = Table(  # what the directory said last, for when Slack is down
    "known_people",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("is_bot", Boolean, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    Column("is_guest", Boolean, nullable=False),
    Column("is_stranger", Boolean, nullable=False),
    Column("said_at", Moment, nullable=False),
)

known_groups = Table(
    "known_groups",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("members", Document, nullable=False),  # ids of people
    Column("said_at", Moment, nullable=False),
)
