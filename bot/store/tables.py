"""Every table of the bot's own state. Times are aware UTC datetimes; ids are uuid4 text unless said otherwise."""

from datetime import UTC, datetime

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.append_only import STATEMENTS

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite has no zone, so it is put on again on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Document = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Sequence = BigInteger().with_variant(Integer, "sqlite")

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

messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("subject", String(200), nullable=False, unique=True),  # root:<incident>, evidence:<incident>:<n> …
    Column("incident_id", ForeignKey("incidents.id")),
    Column("channel", String(80), nullable=False),
    Column("thread_of", ForeignKey("messages.id")),
    Column("revision", Integer, nullable=False),  # what it should say
    Column("text", Text, nullable=False),
    Column("blocks", Document, nullable=False),
    Column("image", LargeBinary),  # a PNG that is uploaded into the thread instead of posted as blocks
    Column("image_title", Text),
    Column("sent_revision", Integer, nullable=False, default=0),  # what Slack shows
    Column("slack_channel", String(32)),
    Column("slack_ts", String(32)),
    Column("sending_since", Moment),  # intent: a post is under way, or was when we died
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment),
    Column("error", Text),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index(
        "ix_messages_behind",
        "channel",
        sqlite_where=text("sent_revision < revision"),
        postgresql_where=text("sent_revision < revision"),
    ),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False),
    Column("system", String(64), nullable=False),
    Column("runbook", String(200), nullable=False),
    Column("action", String(64), nullable=False),
    Column("content", String(64), nullable=False),
    Column("original_id", ForeignKey("requests.id")),  # the executed request that this one undoes
    Column("requester", String(64), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("reason", Text),
    Column("params", Document, nullable=False),
    Column("inputs", Document, nullable=False),
    Column("targets", Document, nullable=False),
    Column("preview", Document),
    Column("digest", String(64)),  # none while the preview is being made
    Column("state", String(16), nullable=False),  # bot.engine.request.State
    Column("needs", Integer, nullable=False),  # how many approvals
    Column("expires_at", Moment),
    Column("settled_at", Moment),
    Column("note", Text),  # why it ended as it did
    Column("alert", String(16)),  # resolved | silenced, once a voter was told so
    Index("ix_requests_state", "state", "expires_at"),
)

votes = Table(
    "votes",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("choice", String(16), nullable=False),  # bot.engine.approval.Choice
    Column("reason", Text),
    Column("at", Moment, nullable=False),
    Column("is_typed", Boolean, nullable=False, default=False),  # the action's phrase was typed
)

reviews = Table(  # of what one person did alone, by break-glass
    "reviews",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)

executions = Table(
    "executions",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),  # the claim
    Column("key", String(64), nullable=False, unique=True),  # idempotency key, derived from the request
    Column("targets", Document, nullable=False),  # what is touched: the approved targets, or those left of them
    Column("state", String(16), nullable=False),  # bot.engine.execution.State
    Column("replica", String(128), nullable=False),
    Column("incarnation", String(36), nullable=False),  # the process that claimed it
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("verify_until", Moment),
    Column("verified_at", Moment),
    Column("outcome", Text),
    Column("check_until", Moment),  # while it waits for the check between two batches
    Column("stopped_by", String(64)),
    Column("stopped_at", Moment),
)

deeds = Table(
    "deeds",
    metadata,
    Column("request_id", ForeignKey("executions.request_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("target", String(200)),
    Column("state", String(16), nullable=False),  # started | succeeded | failed | unknown
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("evidence", Document),
    Column("error", Text),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(64), nullable=False),  # incident.opened, request.voted, execution.started …
    Column("actor", String(64), nullable=False),  # a Slack user id, or `countersign`
    Column("incident_id", String(36)),
    Column("request_id", String(36)),
    Column("data", Text, nullable=False),  # canonical JSON
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_incident", "incident_id"),
)
for _dialect, _statements in STATEMENTS.items():
    for _statement in _statements:
        _trigger = DDL(_statement)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        event.listen(audit, "after_create", _trigger.execute_if(dialect=_dialect))

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
