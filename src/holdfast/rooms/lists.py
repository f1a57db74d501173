"""The SQL of lists of managed rooms and their bookings, and of what is looked up by the way."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.database import readable
from holdfast.engine.claims import Interval, Place
from holdfast.engine.schema import nearest, reservations
from holdfast.rooms.queries import SLOT_TYPE, Room, SlotBooking, room_of
from holdfast.rooms.schema import IS_BOOKING, rooms
from holdfast.rooms.slots import SLOT

COLUMNS = (
    reservations.c.id,
    reservations.c.room_id,
    reservations.c.start_time,
    reservations.c.user_id,
    reservations.c.created_at,
    reservations.c.cancelled_at,
    reservations.c.details,
    reservations.c.type,
)


async def all_rooms(connection: AsyncConnection) -> list[Room]:
    """Every room that is not retired, in the order in which they were made."""
    query = select(rooms.c.id, rooms.c.name, rooms.c.description, rooms.c.capacity, rooms.c.created_at)
    query = query.where(rooms.c.retired_at.is_(None)).order_by(rooms.c.created_at, rooms.c.id)
    return await readable.read(readable.Selected(connection, query, rooms.c.id), room_of)


async def find_booking(connection: AsyncConnection, booking_id: UUID) -> SlotBooking | None:
    """The booking with this id, cancelled or not."""
    # That it is a booking is looked at here, not there: the planner shall search by id, not through all bookings.
    source = readable.Selected(connection, select(*COLUMNS).where(reservations.c.id == booking_id), reservations.c.id)
    found = await readable.read(source, lambda row: _booking(row) if _is_booking(row) else None)
    return next((each for each in found if each is not None), None)


async def is_known(connection: AsyncConnection, reservation_id: UUID) -> bool:
    """Whether a reservation has, or had, this id."""
    query = select(reservations.c.id).where(reservations.c.id == reservation_id).limit(1)
    return (await connection.execute(query)).first() is not None


async def is_taken(connection: AsyncConnection, place: Place, wanted: Interval) -> bool:
    """Whether an active reservation is in the way of a stretch."""
    near = text(nearest("end_time", ":place", ":before"))
    end = (await connection.execute(near, {"place": place.key, "before": wanted.end})).scalar()
    return end is not None and end > wanted.start


async def bookings_of(connection: AsyncConnection, user_id: UUID, since: datetime) -> list[SlotBooking]:
    """A user's bookings of slots that start at a moment or later, by start."""
    query = _bookings().where(reservations.c.user_id == user_id, reservations.c.start_time >= since)
    return await _read(connection, query.order_by(reservations.c.start_time, reservations.c.id))


async def count_bookings(
    connection: AsyncConnection, *, after: datetime | None = None, until: datetime | None = None
) -> int:
    """How many bookings were made after a moment, until a moment; `None` leaves that side open."""
    query = select(func.count()).select_from(reservations).where(IS_BOOKING)
    if after is not None:
        query = query.where(reservations.c.created_at > after)
    if until is not None:
        query = query.where(reservations.c.created_at <= until)
    return int((await connection.execute(query)).scalar_one())


async def newest_bookings(connection: AsyncConnection, *, skip: int, limit: int) -> list[SlotBooking]:
    """Bookings from the newest on."""
    order = (reservations.c.created_at.desc(), reservations.c.id.desc())
    return await _read(connection, _bookings().order_by(*order).offset(skip).limit(limit), numbered=True)


async def oldest_bookings(connection: AsyncConnection, *, skip: int, limit: int) -> list[SlotBooking]:
    """Bookings from the oldest on."""
    order = (reservations.c.created_at, reservations.c.id)
    return await _read(connection, _bookings().order_by(*order).offset(skip).limit(limit), numbered=True)


def _bookings() -> Select[Any]:
    return select(*COLUMNS).where(IS_BOOKING)


async def _read(connection: AsyncConnection, query: Select[Any], *, numbered: bool = False) -> list[SlotBooking]:
    return await readable.read(readable.Selected(connection, query, reservations.c.id), _booking, numbered=numbered)


def _is_booking(row: Row[*tuple[Any, ...]]) -> bool:
    return bool(row.type == SLOT_TYPE)


def _booking(row: Row[*tuple[Any, ...]]) -> SlotBooking:
    """A row as a value that can be shown. Raises `readable.UNREADABLE`."""
    booking_id, room_id, start, user_id, created_at, cancelled_at, details, _ = row
    link = (details or {}).get("conference_link")
    # The driver tells infinity by a time without a zone.
    if start.tzinfo is None or created_at.tzinfo is None or (link is not None and not isinstance(link, str)):
        raise ValueError
    # Its end is to be shown as well.
    _ = start + SLOT
    return SlotBooking(booking_id, UUID(room_id), start, user_id, created_at, cancelled_at is not None, link)
