"""How messages that wait and messages that were published are found, and which relay is the active one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "relays",
        sa.Column("name", sa.Text(), nullable=False, comment="What is relayed; there is one row"),
        sa.Column(
            "fence",
            sa.BigInteger(),
            nullable=False,
            comment="Counts the holders: who has an older number holds nothing",
        ),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="From then on anybody may take the lease",
        ),
        sa.Column(
            "numbered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("'epoch'"),
            nullable=False,
            comment="The last position given",
        ),
        sa.Column(
            "delivered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("'epoch'"),
            nullable=False,
            comment="All until here is delivered",
        ),
        sa.Column(
            "stuck_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since when nothing can be delivered; NULL when it can",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_relays")),
    )
    op.alter_column(
        "outbox",
        "published_at",
        comment="Its position in the journal, to the microsecond its own; NULL without one",
    )
    # Quick on a large table all the same: no version that was released wrote messages without removing them.
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["revision", "place"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_published_at",
        "outbox",
        ["published_at"],
        unique=False,
        postgresql_where=sa.text("published_at IS NOT NULL"),
    )
    # Each row is written twice and deleted: it is not to wait until a fifth of the table is dead.
    op.execute(
        "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.2)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE outbox RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)")
    op.drop_index("ix_outbox_published_at", table_name="outbox", postgresql_where=sa.text("published_at IS NOT NULL"))
    op.drop_index("ix_outbox_waiting", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.alter_column("outbox", "published_at", comment=None)
    op.drop_table("relays")
