"""Silences of incidents, and what an incident's life shows: its group, first severity, and how often it came back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
LIVE = "state IN ('wanted', 'active', 'lifting')"


def upgrade() -> None:
    op.add_column("incidents", sa.Column("group_labels", DOCUMENT))
    op.add_column("incidents", sa.Column("first_severity", sa.String(32)))
    op.add_column("incidents", sa.Column("reopenings", sa.Integer, nullable=False, server_default="0"))
    op.add_column("incidents", sa.Column("told_because", sa.String(64)))
    op.create_table(
        "silences",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("matchers", DOCUMENT, nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("number", sa.String(64)),
        sa.Column("is_ours", sa.Boolean, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("ended_by", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_silences"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_silences_incident_id_incidents"),
        sa.UniqueConstraint("incident_id", "number", name="uq_silences_incident_id_number"),
    )
    op.create_index(
        "ix_silences_live",
        "silences",
        ["incident_id"],
        sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )
    op.create_index(
        "uq_silences_ours",
        "silences",
        ["incident_id"],
        unique=True,
        sqlite_where=sa.text(f"is_ours AND {LIVE}"),
        postgresql_where=sa.text(f"is_ours AND {LIVE}"),
    )
