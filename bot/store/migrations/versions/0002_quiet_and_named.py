"""Conversations in which people talk among themselves; turns that are found by their message's name."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.add_column("conversations", sa.Column("is_quiet", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("turns", sa.Column("name", sa.String(length=300)))
    op.create_index("ix_turns_tenant_name", "turns", ["tenant", "name"])
