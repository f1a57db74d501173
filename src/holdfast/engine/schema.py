"""The engine's SQL tables. None carries a constraint that keeps overlaps or too many bookings out: the engine does.

Primary keys hold the place (or, for keys, what stands for it), so the tables can be distributed by it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from holdfast.database.metadata import TIME, metadata

# Compared byte by byte: quicker than by language, and the same order in every database and in Python.
NAME = Text(collation="C")

places = Table(
    "places",
    metadata,
    Column("place", NAME, primary_key=True, comment="kind:id, the one name of a place in every table"),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default=text("0"), comment="Counts the changes here"),
    Column("closed_at", TIME, comment="Since when nothing more may be reserved here"),
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
    Column("cancelled_at", TIME, comment="When it ended, however; NULL until then"),
    Column("details", JSONB, comment="What the place's feature keeps with it"),
    Column("type", Text, nullable=False, server_default=text("'range'"), comment="range, slot or table"),
    Column(
        "state",
        Text,
        nullable=False,
        server_default=text("'confirmed'"),
        comment="held, pending, confirmed; or ended: released, expired, cancelled",
    ),
    Column("expires_at", TIME, comment="When a hold ends by itself; NULL for all others"),
    Column("held_at", TIME, comment="When it began as a hold; NULL for what was never one"),
    Column("external_ref", Text, comment="What the hold was confirmed with"),
    Column("revived", Boolean, nullable=False, server_default=text("false"), comment="Confirmed after it had expired"),
)
# What takes a place, as the indexes have it: a hold that has expired too, until somebody ends it. Such never overlap.
TAKEN = reservations.c.cancelled_at.is_(None)
TAKES = "cancelled_at IS NULL"
# What is active: an expired hold is not, whether or not anybody has ended it. The time is asked for once a statement.
ACTIVE_NOW = f"{TAKES} AND (expires_at IS NULL OR expires_at > (SELECT engine_now()))"
HELD_NOW = f"{TAKES} AND expires_at > (SELECT engine_now())"
ACTIVE: ColumnElement[bool] = literal_column(f"({ACTIVE_NOW})", Boolean())
# The one descent of a conflict check, and the order of a room's list.
Index(
    "ix_reservations_active_place_start_time",
    reservations.c.place,
    reservations.c.start_time,
    postgresql_include=["end_time", "expires_at"],
    postgresql_where=TAKEN,
)
# The order of the list of all. Neither of active rows only nor of a bare column: else the planner takes this index for
# a conflict check or a search by id, and reads it whole, as long as it has no statistics of the table.
START_OF_ALL = reservations.c.start_time.op("AT TIME ZONE", return_type=DateTime())(literal_column("'UTC'"))
Index("ix_reservations_start_of_all", START_OF_ALL)
Index(
    "ix_reservations_active_user_id_start_time",
    reservations.c.user_id,
    reservations.c.start_time,
    postgresql_where=TAKEN & reservations.c.user_id.is_not(None),
)
# Holds are few: for the next one to expire at a place, and for those that have expired anywhere.
HELD = TAKEN & reservations.c.expires_at.is_not(None)
Index("ix_reservations_held_place_expires_at", reservations.c.place, reservations.c.expires_at, postgresql_where=HELD)
Index("ix_reservations_held_expires_at", reservations.c.expires_at, postgresql_where=HELD)


def nearest(columns: str, place: str, before: str) -> str:
    """SQL for the active reservation of a place with the greatest start before a moment: see `occupancy.py`."""
    return f"""
        SELECT {columns} FROM reservations
        WHERE place = {place} AND start_time < {before} AND {ACTIVE_NOW} ORDER BY start_time DESC LIMIT 1
    """  # noqa: S608


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
