"""Messages of which one more post may appear in Slack than we know of, and those that it had trouble with."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("unsure_since", sa.DateTime(timezone=True)))
    op.add_column("messages", sa.Column("unsure_until", sa.DateTime(timezone=True)))
    is_troubled = sa.text("error IS NOT NULL")
    op.create_index(
        "ix_messages_troubled", "messages", ["changed_at"], sqlite_where=is_troubled, postgresql_where=is_troubled
    )
    is_unsure = sa.text("unsure_until IS NOT NULL")
    op.create_index("ix_messages_unsure", "messages", ["channel"], sqlite_where=is_unsure, postgresql_where=is_unsure)
