"""The SQL tables of managed rooms, and the indexes by which their bookings are found among the reservations.

A booking is a reservation of a slot. Both indexes are partial by just that, so the planner can take neither for the
engine's own searches, which do not ask for it.
"""

from sqlalchemy import ARRAY, Column, Index, Integer, SmallInteger, Table, Text, Uuid, literal_column

from holdfast.database.metadata import TIME, metadata
from holdfast.engine.schema import reservations

rooms = Table(
    "rooms",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("capacity", Integer),
    Column("created_at", TIME, nullable=False),
    Column("retired_at", TIME, comment="Since when there are no new bookings"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("room_id", Uuid, primary_key=True, comment="A room has one at most"),
    Column("id", Uuid, nullable=False),
    Column("days_of_week", ARRAY(SmallInteger), nullable=False, comment="1 is Monday"),
    Column("start_minute", SmallInteger, nullable=False, comment="Of the day, in UTC"),
    Column("end_minute", SmallInteger, nullable=False),
    Column("created_at", TIME, nullable=False),
)

slots = Table(
    "slots",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv5 of room and start"),
    Column("room_id", Uuid, primary_key=True),
    Column("start_time", TIME, nullable=False),
)

IS_BOOKING = reservations.c.type == literal_column("'slot'")
Index(
    "ix_reservations_booking_created_at_id", reservations.c.created_at, reservations.c.id, postgresql_where=IS_BOOKING
)
Index(
    "ix_reservations_booking_user_id_start_time",
    reservations.c.user_id,
    reservations.c.start_time,
    postgresql_where=IS_BOOKING,
)
