"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make it so."""
    op.create_table(
        "conversations",
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.UniqueConstraint("tenant", "place", name="uq_conversations_tenant_place"),
    )
    op.create_table(
        "events",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("tenant", "key", name="uq_events_tenant_key"),
    )
    op.create_index("ix_events_seen_at", "events", ["seen_at"])

    op.create_table(
        "interviews",
        sa.Column("user_id", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("session", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_interviews"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interviews_user", "interviews", ["tenant", "user_id", "touched_at"])

    op.create_table(
        "leads",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=100), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_leads"),
        sa.UniqueConstraint("reference", name="uq_leads_reference"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_leads_state", "leads", ["state"])
    op.create_index("ix_leads_user", "leads", ["tenant", "user_id"])

    op.create_table(
        "ballots",
        sa.Column("interview_id", ID, nullable=False),
        sa.Column("member", sa.String(length=100), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["interviews.id"], name="fk_ballots_interview_id_interviews", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ballots"),
        sa.UniqueConstraint("interview_id", "member", name="uq_ballots_interview_id_member"),
    )
    op.create_table(
        "lead_events",
        sa.Column("lead_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name="fk_lead_events_lead_id_leads", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_lead_events"),
    )
    op.create_index("ix_lead_events_lead_id", "lead_events", ["lead_id"])

    op.create_table(
        "turns",
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("user_id", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("reply", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("reference", sa.String(length=20), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_turns_conversation_id_conversations", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_turns_conversation", "turns", ["tenant", "conversation_id", "id"])
    op.create_index("ix_turns_finished", "turns", ["state", "finished_at"])
    op.create_index(
        "ix_turns_unfinished",
        "turns",
        ["conversation_id", "id"],
        sqlite_where=sa.text("state IN ('accepted', 'answered')"),
        postgresql_where=sa.text("state IN ('accepted', 'answered')"),
    )
    op.create_index("ix_turns_accepted", "turns", ["tenant", "accepted_at"])
    op.create_index("ix_turns_user", "turns", ["tenant", "user_id", "accepted_at"])

    op.create_table(
        "deliveries",
        sa.Column("turn_id", ID, nullable=True),
        sa.Column("user_id", sa.String(length=100), nullable=False),
        sa.Column("marker", sa.String(length=40), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_as", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_deliveries_turn_id_turns", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("marker", name="uq_deliveries_marker"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_turn_id", "deliveries", ["turn_id"])

    op.create_table(
        "feedback",
        sa.Column("turn_id", ID, nullable=False),
        sa.Column("user_id", sa.String(length=100), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="fk_feedback_turn_id_turns", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("turn_id", "user_id", name="uq_feedback_turn_id_user_id"),
    )
