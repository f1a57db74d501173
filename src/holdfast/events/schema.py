"""The SQL tables of events. The engine writes them by their names, as it does its own: `engine/writing.py`."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from holdfast.database.metadata import NOW, TIME, metadata

SEATS_MAX = 10_000_000

# What a person types into psql to make an event is its name and its seats; all else has a default.
events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("total_seats", Integer, nullable=False),
    Column("booked_seats", Integer, nullable=False, server_default=text("0"), comment="Counts its bookings"),
    Column("revision", BigInteger, nullable=False, server_default=text("0"), comment="Counts the changes here"),
    Column("created_at", TIME, nullable=False, server_default=NOW),
    CheckConstraint(f"total_seats BETWEEN 0 AND {SEATS_MAX}", name="seats"),
    # Room on each page for the next version of a row, whose revision changes with every booking.
    postgresql_with={"fillfactor": "50"},
)

bookings = Table(
    "bookings",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("event_id", BigInteger, ForeignKey("events.id"), primary_key=True),
    Column("user_id", String(255, collation="C"), nullable=False),
    Column("created_at", TIME, nullable=False, server_default=NOW),
    # The last line of defence: the engine has looked before.
    UniqueConstraint("event_id", "user_id"),
)
# Not of the bare column: else the planner may take this index to look whether somebody has a seat at one event, and
# read all that they have anywhere, as long as it has no statistics of the table.
PERSON: ColumnElement[str] = bookings.c.user_id.op("||", return_type=Text())(literal_column("''"))
Index("ix_bookings_person_id", PERSON, bookings.c.id)

# Only ever added to, for a person's statistics: bookings that were cancelled are gone from `bookings`.
seat_changes = Table(
    "seat_changes",
    metadata,
    Column("user_id", String(255, collation="C"), primary_key=True),
    Column("event_id", BigInteger, primary_key=True),
    Column("revision", BigInteger, primary_key=True, comment="The event's revision that this change made"),
    Column("booking_id", BigInteger, nullable=False),
    Column("change", Text, nullable=False, comment="created or cancelled"),
    Column("occurred_at", TIME, nullable=False),
)
