"""What must be true of the whole database, and the SQL that finds where it is not. Reads only.

The engine never writes what breaks one of these. They are looked for all the same: people type into psql, disks fail,
backups are put together from parts, and a promise that nobody checks is a hope.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.upkeep.unreadable import UNREADABLE

SHOWN_MAX = 20
FOUND_MAX = 1_000
"""Of one invariant; who has so many has no use for more."""


class Invariant(Struct, frozen=True):
    """A sentence that must be true, the SQL that gives a line for each place where it is not, and what to do then."""

    sentence: str
    broken: str
    advice: str


class Broken(Struct, frozen=True):
    """An invariant that does not hold, with a line for each place where it does not, `FOUND_MAX` at most."""

    invariant: Invariant
    lines: Sequence[str]


# In each place in order of start, with the greatest end so far: whatever overlaps anything begins before that. The
# columns are those of the index of conflict checks, which is read from its beginning to its end.
OVERLAPS = """
SELECT format('%s: what begins at %s overlaps what ends at %s', place, start_time, before)
FROM (
    SELECT place, start_time, max(end_time) OVER (
        PARTITION BY place ORDER BY start_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
    FROM reservations WHERE cancelled_at IS NULL
) held
WHERE start_time < before
"""

MISFITS = """
SELECT format('reservation %s at %s: %s', r.id, r.place, CASE
    WHEN q.place IS NULL THEN 'the place has no row to lock'
    WHEN r.end_time <= r.start_time THEN 'ends before it begins'
    ELSE format('its room is said to be %s', coalesce(r.room_id, 'none')) END)
FROM reservations r LEFT JOIN places q ON q.place = r.place
WHERE q.place IS NULL OR r.end_time <= r.start_time
    OR r.room_id IS DISTINCT FROM CASE q.kind WHEN 'room' THEN q.id END
"""

WRONG_PLACES = """
SELECT format('place %s says that it is %s %s', place, kind, id) FROM places WHERE place <> kind || ':' || id
"""

WRONG_BOOKINGS = """
SELECT format('booking %s in room %s: %s', r.id, r.room_id, CASE
    WHEN m.id IS NULL THEN 'there is no such room' ELSE 'lasts ' || (r.end_time - r.start_time) END)
FROM reservations r LEFT JOIN rooms m ON m.id::text = r.room_id
WHERE r.details IS NOT NULL AND r.room_id IS NOT NULL
    AND (m.id IS NULL OR r.end_time - r.start_time <> interval '30 minutes')
"""

WRONG_TABLES = """
SELECT format('reservation %s at %s: there is no such table', r.id, r.place)
FROM reservations r LEFT JOIN tables t ON r.place = 'table:' || t.id
WHERE r.place LIKE 'table:%' AND r.cancelled_at IS NULL AND r.end_time > now() AND t.id IS NULL
"""

WRONG_COUNTS = """
SELECT format('event %s, %s: %s bookings, %s counted, %s seats', e.id, e.name, coalesce(b.bookings, 0), e.booked_seats,
    e.total_seats)
FROM events e LEFT JOIN (SELECT event_id, count(*) AS bookings FROM bookings GROUP BY event_id) b ON b.event_id = e.id
WHERE coalesce(b.bookings, 0) <> e.booked_seats OR coalesce(b.bookings, 0) > e.total_seats
ORDER BY e.id
"""

# Of the rows themselves, whatever the unique index says.
TWO_SEATS = """
SELECT format('event %s: %s has %s seats', event_id, user_id, count(*))
FROM bookings GROUP BY event_id, user_id HAVING count(*) > 1
"""

WRONG_MESSAGES = """
SELECT format('%s: %s messages from %s to %s are kept, and its revision is %s', m.place, m.messages, m.first, m.last,
    coalesce(q.revision::text, 'none'))
FROM (SELECT place, count(*) AS messages, min(revision) AS first, max(revision) AS last FROM outbox GROUP BY place) m
LEFT JOIN (
    SELECT place, revision FROM places UNION ALL SELECT 'event:' || id, revision FROM events
) q ON q.place = m.place
WHERE q.revision IS DISTINCT FROM m.last OR m.messages <> m.last - m.first + 1
"""

INVARIANTS = (
    Invariant(
        "No two active reservations of a place overlap",
        OVERLAPS,
        "A place was given twice: tell both people, cancel one through the API, and find out who wrote past the engine",
    ),
    Invariant(
        "Every reservation fits its place, and ends after it begins",
        MISFITS,
        "Somebody wrote past the engine, or only a part of a backup was restored: compare with the backup",
    ),
    Invariant(
        "Every place is called what it is",
        WRONG_PLACES,
        "Somebody wrote past the engine: compare with a backup",
    ),
    Invariant(
        "Every booking is half an hour of a managed room",
        WRONG_BOOKINGS,
        "Somebody wrote past the engine, or only a part of a backup was restored: cancel the booking, or bring its "
        "room back",
    ),
    Invariant(
        "Every table that is reserved is there",
        WRONG_TABLES,
        "A table was deleted past the API: cancel the reservation, or insert the table with its id again",
    ),
    Invariant(
        "Every event counts its bookings rightly, and has seats for them",
        WRONG_COUNTS,
        "`holdfast repair` counts anew; where more are booked than there are seats, somebody has to decide whose to "
        "cancel",
    ),
    Invariant(
        "Nobody has two seats at one event",
        TWO_SEATS,
        "The unique index is broken: cancel one of the two, then REINDEX TABLE bookings",
    ),
    Invariant(
        "Every row can be read",
        UNREADABLE,
        "Somebody wrote past the engine. Lists leave the row out, and nobody else is refused because of it: mend it by "
        "hand, or compare with a backup",
    ),
    Invariant(
        "Every change has its message, and every message its change",
        WRONG_MESSAGES,
        "Somebody wrote past the engine, or only a part of a backup was restored: listeners must read everything anew",
    ),
)


async def broken(connection: Connection, tell: Callable[[Invariant], None]) -> list[Broken]:
    """Look for everything in one moment's picture of the database, while the service goes on.

    `tell` is called before each, for the person who waits.
    """
    found = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for invariant in INVARIANTS:
            tell(invariant)
            rows = await connection.fetch(f"{invariant.broken.strip()} LIMIT {FOUND_MAX}")
            if rows:
                found.append(Broken(invariant, [row[0] for row in rows]))
    return found
