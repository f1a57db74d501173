"""All SQL of events: what is read of them, and what is written beside what the engine writes.

With an asyncpg connection: what hot calls read, many at once, and what is written under an event's lock. With one of
SQLAlchemy: the lists.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.database import readable
from holdfast.database.connections import Connection
from holdfast.engine.claims import Booking
from holdfast.engine.statements import event_place
from holdfast.events.schema import PERSON, bookings, events, seat_changes

EVENTS = """
SELECT id, name, total_seats, booked_seats, revision FROM events WHERE id = ANY($1::bigint[])
"""

INSERT = "INSERT INTO events (id, name, total_seats, created_at) VALUES ($1, $2, $3, $4)"

NEW_ID = "SELECT nextval('events_id_seq')"

UPDATE = "UPDATE events SET name = $2, total_seats = $3 WHERE id = $1"

# Left joins, as the tables are read whole anyway. What is written down of a person fits what they hold.
MISCOUNTED = """
SELECT e.id
FROM events e LEFT JOIN (SELECT event_id, count(*) AS bookings FROM bookings GROUP BY event_id) b ON b.event_id = e.id
WHERE coalesce(b.bookings, 0) <> e.booked_seats
UNION
SELECT coalesce(b.event_id, c.event_id)
FROM (SELECT event_id, user_id, count(*) AS held FROM bookings GROUP BY event_id, user_id) b
FULL JOIN (
    SELECT event_id, user_id, sum(CASE change WHEN 'created' THEN 1 ELSE -1 END) AS held
    FROM seat_changes GROUP BY event_id, user_id
) c ON c.event_id = b.event_id AND c.user_id = b.user_id
WHERE coalesce(b.held, 0) <> coalesce(c.held, 0)
ORDER BY 1
"""

NOTE_CHANGES = """
INSERT INTO seat_changes (user_id, event_id, revision, booking_id, change, occurred_at)
SELECT coalesce(b.user_id, c.user_id), $1, $2, coalesce(b.last, c.last),
    CASE WHEN coalesce(b.held, 0) > coalesce(c.held, 0) THEN 'created' ELSE 'cancelled' END, $3
FROM (SELECT user_id, count(*) AS held, max(id) AS last FROM bookings WHERE event_id = $1 GROUP BY user_id) b
FULL JOIN (
    SELECT user_id, sum(CASE change WHEN 'created' THEN 1 ELSE -1 END) AS held,
        (array_agg(booking_id ORDER BY revision DESC))[1] AS last
    FROM seat_changes WHERE event_id = $1 GROUP BY user_id
) c ON c.user_id = b.user_id
WHERE coalesce(b.held, 0) <> coalesce(c.held, 0)
"""

COUNT = "SELECT count(*) FROM bookings WHERE event_id = $1"

SET_BOOKED = "UPDATE events SET booked_seats = $2 WHERE id = $1"

EVENT = (events.c.id, events.c.name, events.c.total_seats, events.c.booked_seats, events.c.revision)
BOOKING = (bookings.c.id, bookings.c.event_id, bookings.c.user_id, bookings.c.created_at)
SEATS_SHOWN_MAX = 500


class Event(Struct, frozen=True):
    """An event as it stands."""

    id: int
    name: str
    total_seats: int
    booked_seats: int
    revision: int


class Statistics(NamedTuple):
    """What somebody has booked, cancelled and holds; of the seats held the newest: booking, event, its name, since."""

    booked: int
    cancelled: int
    held: int
    first_at: datetime | None
    last_at: datetime | None
    seats: list[tuple[int, int, str, datetime]]


async def events_by_id(connection: Connection, ids: Sequence[int]) -> Mapping[int, Event]:
    """Of these events those that exist."""
    return {row["id"]: Event(*row.values()) for row in await connection.fetch(EVENTS, ids)}


async def new_id(connection: Connection) -> int:
    """An id for an event to come. One that is not used is never given to another."""
    event_id: int = await connection.fetchval(NEW_ID)
    return event_id


async def insert_event(connection: Connection, event: Event, now: datetime) -> None:
    """Make an event."""
    await connection.execute(INSERT, event.id, event.name, event.total_seats, now)


async def update_event(connection: Connection, event: Event) -> None:
    """Write the name and the seats of a locked event."""
    await connection.execute(UPDATE, event.id, event.name, event.total_seats)


async def miscounted_events(connection: Connection) -> list[int]:
    """The ids of events whose count, or whose log of changes, does not fit their bookings."""
    return [row["id"] for row in await connection.fetch(MISCOUNTED)]


async def count_bookings(connection: Connection, event_id: int) -> int:
    """How many bookings an event has."""
    found: int = await connection.fetchval(COUNT, event_id)
    return found


async def note_changes(connection: Connection, event_id: int, revision: int, now: datetime) -> int:
    """Write down what of a locked event's bookings, and of those that are gone, was never written down; how many."""
    done: str = await connection.execute(NOTE_CHANGES, event_id, revision, now)
    return int(done.rpartition(" ")[2])


async def set_booked(connection: Connection, event_id: int, bookings: int) -> None:
    """Write the count of a locked event."""
    await connection.execute(SET_BOOKED, event_id, bookings)


async def newest_events(connection: AsyncConnection, *, before: int | None, limit: int) -> list[Event]:
    """Events, the newest first; those older than the id `before`; at most `limit`."""
    query = select(*EVENT).order_by(events.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(events.c.id < before)
    return [Event(*row) for row in await connection.execute(query)]


async def find_booking(connection: AsyncConnection, booking_id: int) -> Booking | None:
    """One booking, wherever it is."""
    found = await _bookings(connection, select(*BOOKING).where(bookings.c.id == booking_id))
    return found[0] if found else None


async def newest_bookings(
    connection: AsyncConnection, user_id: str | None, *, before: int | None, limit: int
) -> list[Booking]:
    """Bookings of one person or of all, the newest first; those older than the id `before`; at most `limit`."""
    query = select(*BOOKING).order_by(bookings.c.id.desc()).limit(limit)
    if user_id is not None:
        query = query.where(_is_of(user_id))
    if before is not None:
        query = query.where(bookings.c.id < before)
    return await _bookings(connection, query)


async def attendees(
    connection: AsyncConnection, event_id: int, user_id: str | None, *, after: str | None, limit: int
) -> list[Booking]:
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


async def _bookings(connection: AsyncConnection, query: Select[Any]) -> list[Booking]:
    return await readable.read(readable.Selected(connection, query, bookings.c.id), _booking)


def _booking(row: Row[*tuple[Any, ...]]) -> Booking:
    booking_id, event_id, user_id, created_at = row
    # The driver tells infinity by a time without a zone.
    if created_at.tzinfo is None:
        raise ValueError
    return Booking(booking_id, event_place(event_id), user_id, created_at)
