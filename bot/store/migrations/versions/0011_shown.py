"""When Slack last took a message, for edits that follow at once give way to others."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("shown_at", sa.DateTime(timezone=True)))
