"""What could not be done at its time is kept beside the time: since when, how often, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fires", sa.Column("failed_at", sa.DateTime(timezone=True)))
    op.add_column("fires", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("fires", sa.Column("error", sa.Text()))
