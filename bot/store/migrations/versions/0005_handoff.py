"""Posts without a turn, in lanes; where a lead's user is reached; messages that are passed on; numbers that stay.

And when a turn was said.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_LEADS = sa.text("lead_id IS NOT NULL")
WAITING = sa.text("lane IS NOT NULL AND state = 'pending'")


def upgrade() -> None:
    """Make it so."""
    op.add_column("turns", sa.Column("said_at", sa.DateTime(timezone=True)))
    op.add_column("leads", sa.Column("address", sa.JSON()))
    op.add_column("leads", sa.Column("reminders", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("leads", sa.Column("opened_at", sa.DateTime(timezone=True)))
    op.add_column("lead_events", sa.Column("name", sa.String(length=300)))
    op.create_index("ix_lead_events_name", "lead_events", ["name"])
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tallies"),
        sa.UniqueConstraint("tenant", "name", name="uq_tallies_tenant_name"),
    )
    op.add_column("deliveries", sa.Column("lead_id", ID))
    for name, length in (("kind", 20), ("lane", 200), ("taken_by", 200)):
        op.add_column("deliveries", sa.Column(name, sa.String(length=length)))
    op.create_index("ix_deliveries_lead_id", "deliveries", ["lead_id"])
    op.create_index(
        "ix_deliveries_sent_of_leads", "deliveries", ["sent_as"], sqlite_where=OF_LEADS, postgresql_where=OF_LEADS
    )
    op.create_index(
        "ix_deliveries_waiting", "deliveries", ["lane", "id"], sqlite_where=WAITING, postgresql_where=WAITING
    )
