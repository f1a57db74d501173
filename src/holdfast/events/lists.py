"""The SQL of lists of events and of seats, and of what somebody has booked."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.database import readable
from holdfast.engine.claims import SeatBooking
from holdfast.engine.statements import event_place
from holdfast.events.queries import Event
from holdfast.events.schema import PERSON, bookings, events, seat_changes

EVENT = (events.c.id, events.c.name, events.c.total_seats, events.c.booked_seats, events.c.revision)
BOOKING = (bookings.c.id, bookings.c.event_id, bookings.c.user_id, bookings.c.created_at)
SEATS_SHOWN_MAX = 500


class Statistics(NamedTuple):
    """What somebody has booked, cancelled and holds; of the seats held the newest: booking, event, its name, since."""

    booked: int
    cancelled: int
    held: int
    first_at: datetime | None
    last_at: datetime | None
    seats: list[tuple[int, int, str, datetime]]


async def newest_events(connection: AsyncConnection, *, before: int | None, limit: int) -> list[Event]:
    """Events, the newest first; those older than the id `before`; at most `limit`."""
    query = select(*EVENT).order_by(events.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(events.c.id < before)
    return [Event(*row) for row in await connection.execute(query)]


async def find_booking(connection: AsyncConnection, booking_id: int) -> SeatBooking | None:
    """One booking, wherever it is."""
    found = await _bookings(connection, select(*BOOKING).where(bookings.c.id == booking_id))
    return found[0] if found else None


async def newest_bookings(
    connection: AsyncConnection, user_id: str | None, *, before: int | None, limit: int
) -> list[SeatBooking]:
    """Bookings of one person or of all, the newest first; those older than the id `before`; at most `limit`."""
    query = select(*BOOKING).order_by(bookings.c.id.desc()).limit(limit)
    if user_id is not None:
        query = query.where(_is_of(user_id))
    if before is not None:
        query = query.where(bookings.c.id < before)
    return await _bookings(connection, query)


async def attendees(
    connection: AsyncConnection, event_id: int, user_id: str | None, *, after: str | None, limit: int
) -> list[SeatBooking]:
    """Bookings of an event, by person; that of one of them; those after the person `after`; at most `limit`."""
    query = select(*BOOKING).where(bookings.c.event_id == event_id).order_by(bookings.c.user_id).limit(limit)
    if user_id is not None:
        query = query.where(bookings.c.user_id == user_id)
    if after is not None:
        query = query.where(bookings.c.user_id > after)
    return await _bookings(connection, query)


async def statistics(connection: AsyncConnection, user_id: str) -> Statistics:
    """What there is to tell of somebody; zeros for a person nobody knows."""
    is_booked = seat_changes.c.change == "created"
    is_readable = seat_changes.c.occurred_at.between(*readable.TIMES)
    counted = select(
        func.count().filter(is_booked),
        func.count().filter(~is_booked),
        func.min(seat_changes.c.occurred_at).filter(is_booked & is_readable),
        func.max(seat_changes.c.occurred_at).filter(is_booked & is_readable),
    ).where(seat_changes.c.user_id == user_id)
    held = select(func.count()).select_from(bookings).where(_is_of(user_id)).scalar_subquery()
    booked, cancelled, first_at, last_at, now = (await connection.execute(counted.add_columns(held))).one()
    shown = (
        select(bookings.c.id, events.c.id, events.c.name, bookings.c.created_at)
        .join(events, events.c.id == bookings.c.event_id)
        .where(_is_of(user_id))
        .order_by(bookings.c.id.desc())
        .limit(SEATS_SHOWN_MAX)
    )
    seats = await readable.read(readable.Selected(connection, shown, bookings.c.id), _seat)
    return Statistics(booked, cancelled, now, first_at, last_at, seats)


def _seat(row: Row[*tuple[Any, ...]]) -> tuple[int, int, str, datetime]:
    booking_id, event_id, name, created_at = row
    if created_at.tzinfo is None:
        raise ValueError
    return booking_id, event_id, name, created_at


def _is_of(user_id: str) -> ColumnElement[bool]:
    """Whether a booking is a person's, as the index of persons has it."""
    return PERSON.op("=", is_comparison=True)(user_id)


async def _bookings(connection: AsyncConnection, query: Select[Any]) -> list[SeatBooking]:
    return await readable.read(readable.Selected(connection, query, bookings.c.id), _booking)


def _booking(row: Row[*tuple[Any, ...]]) -> SeatBooking:
    booking_id, event_id, user_id, created_at = row
    # The driver tells infinity by a time without a zone.
    if created_at.tzinfo is None:
        raise ValueError
    return SeatBooking(booking_id, event_place(event_id), user_id, created_at)
