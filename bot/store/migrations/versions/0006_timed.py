"""What opened an incident, events that hosts send, and what happens by the clock."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("incidents", sa.Column("origin", sa.String(length=16), nullable=False, server_default="alertmanager"))
    op.add_column("incidents", sa.Column("opened_by", sa.String(length=200)))
    op.add_column("incidents", sa.Column("closed_by", sa.String(length=64)))
    op.add_column("incidents", sa.Column("metadata", DOCUMENT, nullable=False, server_default="{}"))
    op.add_column(
        "incident_alerts", sa.Column("source", sa.String(length=16), nullable=False, server_default="alertmanager")
    )
    op.create_index(
        "ix_incident_alerts_events",
        "incident_alerts",
        ["fingerprint"],
        sqlite_where=sa.text("source = 'ops-events'"),
        postgresql_where=sa.text("source = 'ops-events'"),
    )
    op.create_table(
        "fires",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("fired_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_fires"),
    )
    op.create_table(
        "check_results",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("check", sa.String(length=64), nullable=False),
        sa.Column("fired_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=False),
        sa.Column("took", sa.Integer(), nullable=False),
        sa.Column("succeeded_at", MOMENT),
        sa.Column("good_until", MOMENT),
        sa.Column("metric", sa.String(length=120)),
        sa.Column("labels", DOCUMENT, nullable=False),
        sa.Column("series", DOCUMENT, nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column("failures", DOCUMENT, nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("system", "check", name="pk_check_results"),
    )
    op.create_table(
        "detections",
        sa.Column("system", sa.String(length=64), nullable=False),
        sa.Column("option", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.String(length=64), nullable=False),
        sa.Column("value", DOCUMENT),
        sa.Column("detected_at", MOMENT),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("system", "option", "definition", name="pk_detections"),
    )
