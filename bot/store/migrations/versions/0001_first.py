"""The first schema: deliveries, incidents, evidence, messages, requests, executions, the audit, and jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.append_only import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A revision keeps its own copy of the types, so that a later change of the tables does not rewrite history.
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("evidence", DOCUMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("took", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "number", "question", name="pk_answers"),
    )
    op.create_table(
        "audit",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("incident_id", sa.String(length=36)),
        sa.Column("request_id", sa.String(length=36)),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_incident", "audit", ["incident_id"])
    protect(op.get_bind())
    op.create_table(
        "enrolments",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", MOMENT, nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("person", name="pk_enrolments"),
    )
    op.create_table(
        "known_people",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("is_bot", sa.Boolean(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("is_guest", sa.Boolean(), nullable=False),
        sa.Column("is_stranger", sa.Boolean(), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_known_people"),
    )
    op.create_table(
        "known_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("members", DOCUMENT, nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_known_groups"),
    )
    op.create_table(
        "content_revisions",
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("loaded_at", MOMENT, nullable=False),
        sa.Column("files", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_content_revisions"),
    )
    op.create_table(
        "deliveries",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("folded_at", MOMENT),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name="pk_deliveries"),
    )
    op.create_index(
        "ix_deliveries_unfolded",
        "deliveries",
        ["seq"],
        sqlite_where=sa.text("folded_at IS NULL"),
        postgresql_where=sa.text("folded_at IS NULL"),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=200), nullable=False),
        sa.Column("runbook", sa.String(length=200), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("labels", DOCUMENT, nullable=False),
        sa.Column("annotations", DOCUMENT, nullable=False),
        sa.Column("params", DOCUMENT, nullable=False),
        sa.Column("truncated", sa.Integer(), nullable=False),
        sa.Column("external_url", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT),
        sa.Column("acknowledged_by", sa.String(length=64)),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("diagnoses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sa.UniqueConstraint("key", "episode", name="uq_incidents_key_episode"),
    )
    op.create_index("ix_incidents_open", "incidents", ["state", "changed_at"])
    op.create_table(
        "switches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=36), nullable=False),
        sa.Column("system", sa.String(length=64)),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("released_at", MOMENT),
        sa.Column("released_by", sa.String(length=64)),
        sa.Column("release_reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_switches"),
    )
    op.create_index(
        "uq_switches_engaged",
        "switches",
        ["name", "scope"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "interactions",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_interactions"),
    )
    op.create_table(
        "jobs",
        sa.Column("seq", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=300), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("partition", sa.String(length=200)),
        sa.Column("handler", sa.String(length=64), nullable=False),
        sa.Column("args", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("replica", sa.String(length=128)),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("error", sa.String(length=200)),
        sa.PrimaryKeyConstraint("seq", name="pk_jobs"),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
    )
    op.create_index(
        "ix_jobs_open",
        "jobs",
        ["queue", "seq"],
        sqlite_where=sa.text("state IN ('waiting', 'running')"),
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        "ix_jobs_partition",
        "jobs",
        ["queue", "partition", "seq"],
        sqlite_where=sa.text("state = 'waiting' AND partition IS NOT NULL"),
        postgresql_where=sa.text("state = 'waiting' AND partition IS NOT NULL"),
    )
    op.create_index(
        "uq_jobs_partition_running",
        "jobs",
        ["queue", "partition"],
        unique=True,
        sqlite_where=sa.text("state = 'running' AND partition IS NOT NULL"),
        postgresql_where=sa.text("state = 'running' AND partition IS NOT NULL"),
    )
    op.create_table(
        "replicas",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("incarnation", sa.String(length=36), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_replicas"),
    )
    op.create_table(
        "diagnoses",
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("ordered_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("conclusions", DOCUMENT),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_diagnoses_incident_id_incidents"),
        sa.PrimaryKeyConstraint("incident_id", "number", name="pk_diagnoses"),
    )
    op.create_table(
        "incident_alerts",
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("ends_at", MOMENT),
        sa.Column("labels", DOCUMENT, nullable=False),
        sa.Column("annotations", DOCUMENT, nullable=False),
        sa.Column("generator_url", sa.Text(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_alerts_incident_id_incidents"),
        sa.PrimaryKeyConstraint("incident_id", "fingerprint", "starts_at", name="pk_incident_alerts"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("incident_id", sa.String(length=36)),
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("thread_of", sa.String(length=36)),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("blocks", DOCUMENT, nullable=False),
        sa.Column("image", sa.LargeBinary()),
        sa.Column("image_title", sa.Text()),
        sa.Column("sent_revision", sa.Integer(), nullable=False),
        sa.Column("slack_channel", sa.String(length=32)),
        sa.Column("slack_ts", sa.String(length=32)),
        sa.Column("sending_since", MOMENT),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", MOMENT),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_messages_incident_id_incidents"),
        sa.ForeignKeyConstraint(["thread_of"], ["messages.id"], name="fk_messages_thread_of_messages"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("subject", name="uq_messages_subject"),
    )
    op.create_index(
        "ix_messages_behind",
        "messages",
        ["channel"],
        sqlite_where=sa.text("sent_revision < revision"),
        postgresql_where=sa.text("sent_revision < revision"),
    )
    op.create_table(
        "requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("runbook", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("original_id", sa.String(length=36)),
        sa.Column("requester", sa.String(length=64), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("params", DOCUMENT, nullable=False),
        sa.Column("inputs", DOCUMENT, nullable=False),
        sa.Column("targets", DOCUMENT, nullable=False),
        sa.Column("preview", DOCUMENT),
        sa.Column("digest", sa.String(length=64)),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("needs", sa.Integer(), nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("settled_at", MOMENT),
        sa.Column("note", sa.Text()),
        sa.Column("alert", sa.String(length=16)),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_requests_incident_id_incidents"),
        sa.ForeignKeyConstraint(["original_id"], ["requests.id"], name="fk_requests_original_id_requests"),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_index("ix_requests_state", "requests", ["state", "expires_at"])
    op.create_table(
        "executions",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("targets", DOCUMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("replica", sa.String(length=128), nullable=False),
        sa.Column("incarnation", sa.String(length=36), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("verify_until", MOMENT),
        sa.Column("verified_at", MOMENT),
        sa.Column("outcome", sa.Text()),
        sa.Column("check_until", MOMENT),
        sa.Column("stopped_by", sa.String(length=64)),
        sa.Column("stopped_at", MOMENT),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_executions_request_id_requests"),
        sa.PrimaryKeyConstraint("request_id", name="pk_executions"),
        sa.UniqueConstraint("key", name="uq_executions_key"),
    )
    op.create_table(
        "votes",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("is_typed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_votes_request_id_requests"),
        sa.PrimaryKeyConstraint("request_id", "person", name="pk_votes"),
    )
    op.create_table(
        "reviews",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name="fk_reviews_request_id_requests"),
        sa.PrimaryKeyConstraint("request_id", name="pk_reviews"),
    )
    op.create_table(
        "deeds",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=200)),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("evidence", DOCUMENT),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["request_id"], ["executions.request_id"], name="fk_deeds_request_id_executions"),
        sa.PrimaryKeyConstraint("request_id", "number", name="pk_deeds"),
    )
