"""What a running bot keeps for itself: content, clicks seen, replicas and jobs."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, text

from bot.store.tables.base import Document, Moment, Sequence, metadata

content_revisions = Table(
    "content_revisions",
    metadata,
    Column("revision", String(64), primary_key=True),
    Column("loaded_at", Moment, nullable=False),
    Column("files", Document, nullable=False),  # path -> text
)

interactions = Table(
    "interactions",
    metadata,
    Column("id", String(200), primary_key=True),  # event_id, or a digest of the payload: each has one effect
    Column("at", Moment, nullable=False),
)

replicas = Table(
    "replicas",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("incarnation", String(36), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("stopped", Boolean, nullable=False, default=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("id", String(300), nullable=False, unique=True),  # names the work: diagnose:<incident>:<n>
    Column("queue", String(32), nullable=False),  # bot.store.work.Queue
    Column("partition", String(200)),
    Column("handler", String(64), nullable=False),
    Column("args", Document, nullable=False),  # ids only
    Column("state", String(16), nullable=False),  # bot.store.work.JobState
    # Times of this table are the database's own clock, in milliseconds since 1970: replicas' clocks may differ.
    Column("ready_at", BigInteger, nullable=False),
    Column("claims", Integer, nullable=False, default=0),  # times it was started; the fencing token of the latest
    Column("replica", String(128)),
    Column("lease_until", BigInteger),  # while running: after this moment any replica may start it again
    Column("finished_at", BigInteger),
    Column("error", String(200)),  # the kind of exception, never its text
    Index(
        "ix_jobs_open",
        "queue",
        "seq",
        sqlite_where=text("state IN ('waiting', 'running')"),
        postgresql_where=text("state IN ('waiting', 'running')"),
    ),
    Index(
        "ix_jobs_partition",
        "queue",
        "partition",
        "seq",
        sqlite_where=text("state = 'waiting' AND partition IS NOT NULL"),
        postgresql_where=text("state = 'waiting' AND partition IS NOT NULL"),
    ),
    Index(  # one at a time in a partition, whatever two replicas see of each other
        "uq_jobs_partition_running",
        "queue",
        "partition",
        unique=True,
        sqlite_where=text("state = 'running' AND partition IS NOT NULL"),
        postgresql_where=text("state = 'running' AND partition IS NOT NULL"),
    ),
)
