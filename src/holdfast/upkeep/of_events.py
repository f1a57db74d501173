"""What must be true of events, their bookings, and what is written down of people's seats."""

from holdfast.upkeep.broken import Invariant

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

LOST_BOOKINGS = """
SELECT format('booking %s of event %s: there is no such event', b.id, b.event_id)
FROM bookings b LEFT JOIN events e ON e.id = b.event_id WHERE e.id IS NULL
UNION ALL
SELECT format('booking %s: there are %s', id, count(*)) FROM bookings GROUP BY id HAVING count(*) > 1
"""

WRONG_EVENTS = """
SELECT format('event %s: %s', id, CASE
    WHEN name IS NULL OR btrim(name) = '' THEN 'its name is empty'
    WHEN revision IS NULL OR revision < 0 THEN format('it has the revision %s', revision)
    ELSE format('it has %s seats', total_seats) END)
FROM events
WHERE name IS NULL OR btrim(name) = '' OR revision IS NULL OR revision < 0 OR total_seats IS NULL
    OR total_seats NOT BETWEEN 0 AND 10000000
"""

# Of each person at each event: what was booked and not cancelled is held, by the id it was booked under.
WRONG_CHANGES = """
SELECT format('event %s, %s: booked %s times and cancelled %s times, and %s', event_id, user_id, coalesce(c.booked, 0),
    coalesce(c.cancelled, 0), CASE WHEN coalesce(b.held, 0) <> coalesce(c.booked, 0) - coalesce(c.cancelled, 0)
        THEN format('%s seats are held', coalesce(b.held, 0)) ELSE 'another booking is held' END)
FROM (
    SELECT event_id, user_id, count(*) FILTER (WHERE change = 'created') AS booked,
        count(*) FILTER (WHERE change = 'cancelled') AS cancelled,
        (array_agg(booking_id ORDER BY revision DESC))[1] AS last
    FROM seat_changes GROUP BY event_id, user_id
) c
FULL JOIN (
    SELECT event_id, user_id, count(*) AS held, max(id) AS last FROM bookings GROUP BY event_id, user_id
) b USING (event_id, user_id)
WHERE coalesce(b.held, 0) <> coalesce(c.booked, 0) - coalesce(c.cancelled, 0) OR (b.held = 1 AND b.last <> c.last)
"""

LOST_CHANGES = """
SELECT format('event %s, revision %s: %s', c.event_id, c.revision, CASE
    WHEN e.id IS NULL THEN 'there is no such event'
    WHEN c.change NOT IN ('created', 'cancelled') THEN format('nobody knows a change %s', c.change)
    ELSE format('the event is at revision %s', e.revision) END)
FROM seat_changes c LEFT JOIN events e ON e.id = c.event_id
WHERE e.id IS NULL OR c.change NOT IN ('created', 'cancelled') OR c.revision > e.revision OR c.revision < 1
"""

INVARIANTS = (
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
        "Every seat that is booked is one of an event",
        LOST_BOOKINGS,
        "Only a part of a backup was restored, or somebody deleted the event past its foreign key: bring it back",
    ),
    Invariant(
        "Every event has a name, a number of seats, and counts its changes from nothing on",
        WRONG_EVENTS,
        "Somebody wrote past the engine: UPDATE it to what it should be",
    ),
    Invariant(
        "Every seat that is held was written down, and every one that was given back",
        WRONG_CHANGES,
        "Somebody wrote past the engine: `holdfast repair` writes down what is missing",
    ),
    Invariant(
        "Everything that was written down of seats is of an event, and not ahead of it",
        LOST_CHANGES,
        "Only a part of a backup was restored: compare with the backup",
    ),
)
