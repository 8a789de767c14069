"""Ticks: which steps of a checklist are done."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ticks",
        sa.Column("incident_id", sa.String(36), nullable=False),
        sa.Column("item", sa.String(16), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("skipped", sa.Integer()),
        sa.PrimaryKeyConstraint("incident_id", "item", name="pk_ticks"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_ticks_incident_id_incidents"),
    )
