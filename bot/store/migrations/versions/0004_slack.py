"""Slack: answers that one person saw, and the Homes that were opened."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0006"
branch_labels = None
depends_on = None

# A revision keeps its own copy of the types, so that a later change of the tables does not rewrite history.
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "private_answers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("blocks", DOCUMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("shared_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_private_answers"),
    )
    op.create_index("ix_private_answers_at", "private_answers", ["at"])
    op.create_table(
        "homes",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("looked_at", MOMENT, nullable=False),
        sa.Column("shown", sa.String(length=64)),
        sa.PrimaryKeyConstraint("person", name="pk_homes"),
    )
