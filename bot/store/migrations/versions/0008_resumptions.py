"""Resumptions: the rest of a stopped execution, and the votes on it; votes say whether a one-time code was given."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("votes", sa.Column("is_proven", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("executions", sa.Column("resumed_at", MOMENT))
    op.add_column("executions", sa.Column("resumed_after", sa.Integer()))
    op.create_table(
        "resumptions",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("targets", DOCUMENT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("needs", sa.Integer(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("request_id", "number", name="pk_resumptions"),
        sa.ForeignKeyConstraint(["request_id"], ["executions.request_id"], name="fk_resumptions_request_id_executions"),
    )
    op.create_index("ix_resumptions_state", "resumptions", ["state"])
    op.create_table(
        "resumption_votes",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("is_typed", sa.Boolean(), nullable=False),
        sa.Column("is_proven", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "number", "person", name="pk_resumption_votes"),
        sa.ForeignKeyConstraint(
            ["request_id", "number"],
            ["resumptions.request_id", "resumptions.number"],
            name="fk_resumption_votes_request_id_number_resumptions",
        ),
    )
