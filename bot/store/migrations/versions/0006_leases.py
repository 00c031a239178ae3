"""Turns are taken by processes, as posts are; the posts of a turn are in the lane of its conversation."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FAIL_WHAT_IS_BEHIND_A_FAILURE = """
UPDATE deliveries SET state = 'failed'
WHERE state = 'pending' AND turn_id IN (SELECT id FROM turns WHERE state IN ('done', 'failed'))
"""
SORT_INTO_LANES = """
UPDATE deliveries SET lane = (SELECT 'turn/' || conversation_id FROM turns WHERE turns.id = deliveries.turn_id)
WHERE turn_id IS NOT NULL AND state IN ('pending', 'failed')
"""


def upgrade() -> None:
    """Make it so."""
    op.add_column("turns", sa.Column("taken_by", sa.String(length=200)))
    op.execute(FAIL_WHAT_IS_BEHIND_A_FAILURE)
    op.execute(SORT_INTO_LANES)
