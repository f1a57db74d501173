"""Places, reservations, idempotency keys, outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.Uuid(), nullable=False, comment="Made of caller, path and key"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="SHA-256 of the request's body"),
        sa.Column("claim_id", sa.Uuid(), nullable=False, comment="The claim whose answer this is"),
        sa.Column("answer", sa.LargeBinary(), nullable=False, comment="What a retry is told"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("place", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="The place's revision that this change made"),
        sa.Column("id", sa.Uuid(), nullable=False, comment="Listeners know a message they have seen by it"),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("place", "revision", name=op.f("pk_outbox")),
    )
    op.create_table(
        "places",
        sa.Column(
            "place",
            sa.Text(collation="C"),
            nullable=False,
            comment="kind:id, the one name of a place in every table",
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "revision",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Counts the changes here",
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_places")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Text(collation="C"), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=True, comment="The room's id as clients name it; NULL for tables"),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "user_id",
            sa.Uuid(),
            nullable=True,
            comment="The owner; NULL for reservations made without a token",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "cancelled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="NULL while the reservation is active",
        ),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What the place's feature keeps with it",
        ),
        sa.PrimaryKeyConstraint("id", "place", name=op.f("pk_reservations")),
    )
    op.create_index(
        "ix_reservations_active_place_start_time",
        "reservations",
        ["place", "start_time"],
        unique=False,
        postgresql_include=["end_time"],
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.create_index(
        "ix_reservations_active_start_of_all",
        "reservations",
        [sa.text("(start_time AT TIME ZONE 'UTC')")],
        unique=False,
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.create_index(
        "ix_reservations_active_user_id_start_time",
        "reservations",
        ["user_id", "start_time"],
        unique=False,
        postgresql_where=sa.text("cancelled_at IS NULL AND user_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_reservations_active_user_id_start_time",
        table_name="reservations",
        postgresql_where=sa.text("cancelled_at IS NULL AND user_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_reservations_active_start_of_all",
        table_name="reservations",
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.drop_index(
        "ix_reservations_active_place_start_time",
        table_name="reservations",
        postgresql_include=["end_time"],
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.drop_table("reservations")
    op.drop_table("places")
    op.drop_table("outbox")
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
