"""Interviews of a whole team."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.add_column("interviews", sa.Column("is_team", sa.Boolean(), nullable=False, server_default=sa.false()))
