"""Pacing, fallback channels, storms, and the canary."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "paces",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("free_at", MOMENT, nullable=False),
        sa.Column("paused_until", MOMENT),
        sa.Column("why", sa.String(length=200)),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_paces"),
    )
    op.create_table(
        "storms",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_storms"),
    )
    op.create_index(
        "uq_storms_open",
        "storms",
        ["channel"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "storm_incidents",
        sa.Column("incident_id", sa.String(length=36), nullable=False),
        sa.Column("storm_id", sa.String(length=36), nullable=False),
        sa.Column("is_opened", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_storm_incidents_incident_id_incidents"),
        sa.ForeignKeyConstraint(["storm_id"], ["storms.id"], name="fk_storm_incidents_storm_id_storms"),
        sa.PrimaryKeyConstraint("incident_id", name="pk_storm_incidents"),
    )
    op.create_index("ix_storm_incidents_storm", "storm_incidents", ["storm_id"])
    op.create_table(
        "canary_rounds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("folded_at", MOMENT),
        sa.Column("diagnosed_at", MOMENT),
        sa.Column("delivered_at", MOMENT),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_canary_rounds"),
    )
    op.create_index("ix_canary_rounds_started", "canary_rounds", ["started_at"])
    op.add_column("messages", sa.Column("behind_since", MOMENT))
    op.add_column("messages", sa.Column("meant_for", sa.String(length=80)))
    op.add_column("messages", sa.Column("storm_id", sa.String(length=36)))
