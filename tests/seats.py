"""Events, changes of their seats for tests, and what must be true of every event."""

from uuid import uuid4

import asyncpg

from batches import settle
from holdfast.engine.claims import Change, Key, Seat, SeatBooking, Seated
from holdfast.engine.statements import event_place

# Every way in which an event's bookings and its own row may disagree, or its promise be broken.
WRONG_SEATS = """
SELECT e.id, e.total_seats, e.booked_seats, count(b.id) AS bookings
FROM events e LEFT JOIN bookings b ON b.event_id = e.id
GROUP BY e.id HAVING count(b.id) <> e.booked_seats OR count(b.id) > e.total_seats
    OR count(b.id) <> count(DISTINCT b.user_id)
"""


# Events whose messages are not numbered 1, 2, 3, … up to the event's revision, or whose log does not fit them. Messages
# of older ones are not counted: they are removed after a quarter of an hour.
GAPS = """
SELECT e.id FROM events e LEFT JOIN outbox o ON o.place = 'event:' || e.id
WHERE e.created_at > now() - interval '10 minutes'
GROUP BY e.id, e.revision HAVING count(o.revision) <> e.revision OR coalesce(max(o.revision), 0) <> e.revision
UNION ALL
SELECT e.id FROM events e
LEFT JOIN LATERAL (SELECT sum(CASE change WHEN 'created' THEN 1 ELSE -1 END) AS held
    FROM seat_changes c WHERE c.event_id = e.id) c ON true
WHERE coalesce(c.held, 0) <> e.booked_seats
"""


async def check_seats(url: str) -> None:
    """No event has more bookings than seats or two for one person; counts, messages and log fit the bookings."""
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetch(WRONG_SEATS) == []
        assert await connection.fetch(GAPS) == []
    finally:
        await connection.close()


async def make_event(connection: "asyncpg.Connection", seats: int, name: str = "Концерт") -> int:
    """An event as seed 001 makes one, typed into psql."""
    row = "INSERT INTO events (name, total_seats) VALUES ($1, $2) RETURNING id"
    event_id: int = await connection.fetchval(row, name, seats)
    return event_id


def book(event_id: int, user_id: str, key: Key | None = None) -> Change:
    """A change that takes a seat."""
    return Change(uuid4(), event_place(event_id), takes=Seat(user_id), key=key)


def cancel(booking: SeatBooking) -> Change:
    """A change that gives a seat back."""
    return Change(uuid4(), booking.place, gives=booking.id)


async def seat(connection: "asyncpg.Connection", event_id: int, user_id: str) -> SeatBooking:
    """A booked seat."""
    [verdict] = await settle(connection, book(event_id, user_id))
    assert isinstance(verdict, Seated)
    return verdict.booking
