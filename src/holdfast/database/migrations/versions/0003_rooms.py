"""Managed rooms, their schedules and slots, and how bookings are found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

IS_BOOKING = "details IS NOT NULL AND room_id IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since when there are no new bookings",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
    )
    op.create_table(
        "schedules",
        sa.Column("room_id", sa.Uuid(), nullable=False, comment="A room has one at most"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("days_of_week", postgresql.ARRAY(sa.SmallInteger()), nullable=False, comment="1 is Monday"),
        sa.Column("start_minute", sa.SmallInteger(), nullable=False, comment="Of the day, in UTC"),
        sa.Column("end_minute", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_schedules")),
    )
    op.create_table(
        "slots",
        sa.Column("id", sa.Uuid(), nullable=False, comment="UUIDv5 of room and start"),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "room_id", name=op.f("pk_slots")),
    )
    # Quick on a large table all the same: before this version no reservation had details.
    op.create_index(
        "ix_reservations_booking_created_at_id",
        "reservations",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text(IS_BOOKING),
    )
    op.create_index(
        "ix_reservations_booking_user_id_start_time",
        "reservations",
        ["user_id", "start_time"],
        unique=False,
        postgresql_where=sa.text(IS_BOOKING),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_reservations_booking_user_id_start_time",
        table_name="reservations",
        postgresql_where=sa.text(IS_BOOKING),
    )
    op.drop_index(
        "ix_reservations_booking_created_at_id",
        table_name="reservations",
        postgresql_where=sa.text(IS_BOOKING),
    )
    op.drop_table("slots")
    op.drop_table("schedules")
    op.drop_table("rooms")
