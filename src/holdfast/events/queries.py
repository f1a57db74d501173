"""The SQL of events: what hot calls read, many at once, and what is written under an event's lock."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from holdfast.database.connections import Connection

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


class Event(Struct, frozen=True):
    """An event as it stands."""

    id: int
    name: str
    total_seats: int
    booked_seats: int
    revision: int


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
