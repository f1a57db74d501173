"""A restaurant's tables, and places that are closed for good."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

CLOSE_RETIRED = """
UPDATE places SET closed_at = r.retired_at
FROM rooms r WHERE places.place = 'room:' || r.id AND r.retired_at IS NOT NULL
"""


def upgrade() -> None:
    op.add_column(
        "places",
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since when nothing more may be reserved here",
        ),
    )
    op.execute(CLOSE_RETIRED)
    op.create_table(
        "tables",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tables")),
    )


def downgrade() -> None:
    op.drop_table("tables")
    op.drop_column("places", "closed_at")
