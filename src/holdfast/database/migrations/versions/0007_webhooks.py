"""Webhooks, and what was sent to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False, comment="Empty once it is removed"),
        sa.Column(
            "types", postgresql.ARRAY(sa.Text()), nullable=False, comment="Of the messages that it gets; empty for all"
        ),
        sa.Column("secret", sa.Text(), nullable=False, comment="Signs; empty once it is removed"),
        sa.Column("old_secret", sa.Text(), nullable=True, comment="Signs too, until old_secret_until"),
        sa.Column("old_secret_until", time, nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("queued_until", time, nullable=False, comment="The journal's position until which all is queued"),
        sa.Column("failing_since", time, nullable=True, comment="The first failure since the last success"),
        sa.Column("disabled_at", time, nullable=True, comment="NULL while messages are sent"),
        sa.Column("disabled_why", sa.Text(), nullable=True, comment="admin, gone, failing or full"),
        sa.Column(
            "removed_at", time, nullable=True, comment="Nobody sees it any more; its deliveries are being deleted"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(collation="C"), nullable=False),
        sa.Column("position", time, nullable=False, comment="In the journal; a place's messages go out in this order"),
        sa.Column("body", sa.Text(), nullable=True, comment="What is sent; NULL once it need not be sent again"),
        sa.Column("queued_at", time, nullable=False),
        sa.Column(
            "due_at",
            time,
            nullable=True,
            comment="When to send it; NULL behind another of its place, and once it is settled",
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_tried_at", time, nullable=True),
        sa.Column("tried_at", time, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True, comment="Of the last answer"),
        sa.Column("failure", sa.Text(), nullable=True, comment="What was wrong with the last attempt"),
        sa.Column("settled_at", time, nullable=True, comment="NULL while it waits"),
        sa.Column("outcome", sa.Text(), nullable=True, comment="delivered or given_up, once it is settled"),
        sa.PrimaryKeyConstraint("webhook_id", "message_id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index("ix_webhook_deliveries_log", "webhook_deliveries", ["webhook_id", "queued_at", "message_id"])
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["webhook_id", "due_at", "position"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["webhook_id", "place", "position"],
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
