"""The engine's SQL tables. None carries a constraint that keeps overlaps out: the engine does.

Primary keys hold the place (or, for keys, what stands for it), so the tables can be distributed by it.
"""

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, Table, Text, Uuid, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB

from holdfast.database.metadata import metadata

TIME = DateTime(timezone=True)
# Compared byte by byte: quicker than by language, and the same order in every database and in Python.
NAME = Text(collation="C")

places = Table(
    "places",
    metadata,
    Column("place", NAME, primary_key=True, comment="kind:id, the one name of a place in every table"),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default=text("0"), comment="Counts the changes here"),
    # Room on each page for the next version of a row, whose revision changes with every booking.
    postgresql_with={"fillfactor": "70"},
)

reservations = Table(
    "reservations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("place", NAME, primary_key=True),
    Column("room_id", Text, comment="The room's id as clients name it; NULL for tables"),
    Column("start_time", TIME, nullable=False),
    Column("end_time", TIME, nullable=False),
    Column("user_id", Uuid, comment="The owner; NULL for reservations made without a token"),
    Column("created_at", TIME, nullable=False),
    Column("cancelled_at", TIME, comment="NULL while the reservation is active"),
    Column("details", JSONB, comment="What the place's feature keeps with it"),
)
ACTIVE = reservations.c.cancelled_at.is_(None)
# The one descent of a conflict check, and the order of a room's list.
Index(
    "ix_reservations_active_place_start_time",
    reservations.c.place,
    reservations.c.start_time,
    postgresql_include=["end_time"],
    postgresql_where=ACTIVE,
)
# The order of the list of all. Neither of active rows only nor of a bare column: else the planner takes this index for
# a conflict check or a search by id, and reads it whole, as long as it has no statistics of the table.
START_OF_ALL = reservations.c.start_time.op("AT TIME ZONE", return_type=DateTime())(literal_column("'UTC'"))
Index("ix_reservations_start_of_all", START_OF_ALL)
Index(
    "ix_reservations_active_user_id_start_time",
    reservations.c.user_id,
    reservations.c.start_time,
    postgresql_where=ACTIVE & reservations.c.user_id.is_not(None),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("id", Uuid, primary_key=True, comment="Made of caller, path and key"),
    Column("body", LargeBinary, nullable=False, comment="SHA-256 of the request's body"),
    Column("claim_id", Uuid, nullable=False, comment="The claim whose answer this is"),
    Column("answer", LargeBinary, nullable=False, comment="What a retry is told"),
    Column("created_at", TIME, nullable=False),
)
Index("ix_idempotency_keys_created_at", idempotency_keys.c.created_at)
