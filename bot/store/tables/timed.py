"""What happens by the clock: when each thing was last due, and what checks and detections found."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from bot.store.tables.base import Document, Moment, metadata

fires = Table(
    "fires",
    metadata,
    Column("name", String(200), primary_key=True),  # check:accrue/dlq, schedule:accrue/daily
    Column("fired_at", Moment, nullable=False),  # the latest time on its cron that was dealt with
    Column("failed_at", Moment),  # since when a later time could not be dealt with; none while all is well
    Column("failures", Integer, nullable=False, server_default="0"),  # how often, ever
    Column("error", Text),  # of the latest failure
)

check_results = Table(
    "check_results",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("check", String(64), primary_key=True),
    Column("fired_at", Moment, nullable=False),  # of the latest run
    Column("finished_at", Moment, nullable=False),
    Column("took", Integer, nullable=False),  # milliseconds
    Column("succeeded_at", Moment),
    Column("good_until", Moment),  # how long the series stand
    Column("metric", String(120)),
    Column("labels", Document, nullable=False),  # names, in order
    Column("series", Document, nullable=False),  # [[label values …], value]
    Column("is_cut", Boolean, nullable=False),
    Column("failures", Document, nullable=False),  # reason -> how often, ever
    Column("error", Text),  # of the latest run
)

detections = Table(
    "detections",
    metadata,
    Column("system", String(64), primary_key=True),
    Column("option", String(64), primary_key=True),
    Column("definition", String(64), primary_key=True),  # digest of how it is asked: another way is another answer
    Column("value", Document),
    Column("detected_at", Moment),
    Column("asked_at", Moment, nullable=False),
    Column("error", Text),  # of the latest asking
)
