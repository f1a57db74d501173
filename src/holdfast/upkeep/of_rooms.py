"""What must be true of managed rooms, their schedules and slots, and of tables."""

from holdfast.database.connections import Connection
from holdfast.rooms.slots import slot_id
from holdfast.upkeep.broken import FOUND_MAX, Invariant

SLOTS_MAX = 1_000_000
"""Of more slots only those to come are looked at: nobody can book the others."""

# As `slots.is_slot` and `slots.is_open` decide. What was reserved before the room had a schedule may lie anywhere.
WRONG_BOOKINGS = """
SELECT format('%s %s in room %s: %s', CASE WHEN r.type = 'slot' THEN 'booking' ELSE 'reservation' END, r.id,
    r.room_id, CASE
    WHEN m.id IS NULL THEN 'there is no such room'
    WHEN r.type = 'slot' AND r.end_time - r.start_time <> interval '30 minutes'
        THEN 'lasts ' || (r.end_time - r.start_time)
    WHEN s.room_id IS NULL THEN 'the room has no schedule'
    ELSE format('the room has no slot at %s', r.start_time) END)
FROM reservations r LEFT JOIN rooms m ON m.id::text = r.room_id LEFT JOIN schedules s ON s.room_id = m.id
CROSS JOIN LATERAL (SELECT
    date_trunc('day', r.start_time, 'UTC') + s.start_minute * interval '1 minute' AS opening,
    date_trunc('day', r.start_time, 'UTC') + s.end_minute * interval '1 minute' AS closing,
    extract(isodow FROM r.start_time AT TIME ZONE 'UTC') = ANY (s.days_of_week) AS is_day
) h
WHERE r.room_id IS NOT NULL AND CASE
    WHEN r.type = 'slot' THEN m.id IS NULL OR r.end_time - r.start_time <> interval '30 minutes'
        OR (r.cancelled_at IS NULL AND (
            s.room_id IS NULL OR NOT h.is_day OR r.start_time < h.opening OR r.end_time > h.closing
            OR extract(epoch FROM r.start_time - h.opening) % 1800 <> 0))
    ELSE m.id IS NOT NULL AND r.cancelled_at IS NULL AND r.created_at > s.created_at
        AND (NOT h.is_day OR r.start_time < h.opening OR r.end_time > h.closing) END
"""

WRONG_TABLES = """
SELECT format('reservation %s at %s: there is no such table', r.id, r.place)
FROM reservations r LEFT JOIN tables t ON r.place = 'table:' || t.id
WHERE r.place LIKE 'table:%' AND r.cancelled_at IS NULL AND r.end_time > now() AND t.id IS NULL
"""

# A version before there were tables named places for any number: so only a number that was given counts.
WRONG_CLOSED = """
SELECT format('room %s is %s', r.id, CASE
    WHEN q.place IS NULL THEN 'no place that can be locked'
    WHEN r.retired_at IS NULL THEN 'in use, and its place is closed'
    ELSE 'retired, and its place is open' END)
FROM rooms r LEFT JOIN places q ON q.place = 'room:' || r.id
WHERE q.place IS NULL OR (r.retired_at IS NULL) <> (q.closed_at IS NULL)
UNION ALL
SELECT format('place %s is closed, and no room was retired', q.place)
FROM places q LEFT JOIN rooms r ON q.place = 'room:' || r.id
WHERE q.kind = 'room' AND q.closed_at IS NOT NULL AND r.id IS NULL
UNION ALL
SELECT format('table %s is %s', q.id, CASE WHEN t.id IS NULL THEN 'deleted, and its place is open'
    ELSE 'in use, and its place is closed' END)
FROM places q LEFT JOIN tables t ON q.place = 'table:' || t.id CROSS JOIN tables_id_seq n
WHERE q.kind = 'table' AND CASE WHEN t.id IS NOT NULL THEN q.closed_at IS NOT NULL
    ELSE q.closed_at IS NULL AND q.id ~ '^[0-9]{1,18}$' AND n.is_called AND q.id::bigint <= n.last_value END
"""

WRONG_SCHEDULES = """
SELECT format('schedule %s of room %s: %s', s.id, s.room_id, CASE
    WHEN r.id IS NULL THEN 'there is no such room'
    WHEN s.others > 1 THEN 'is not the only one'
    WHEN s.days_of_week IS NULL OR cardinality(s.days_of_week) = 0 THEN 'is of no day'
    WHEN s.start_minute NOT BETWEEN 0 AND 1439 OR s.end_minute NOT BETWEEN 0 AND 1440 OR s.end_minute <= s.start_minute
        THEN format('goes from minute %s to minute %s of the day', s.start_minute, s.end_minute)
    WHEN s.end_minute - s.start_minute < 30 THEN 'is too short for a slot'
    ELSE format('is of the days %s', s.days_of_week) END)
FROM (SELECT *, count(*) OVER (PARTITION BY room_id) AS others FROM schedules) s LEFT JOIN rooms r ON r.id = s.room_id
WHERE r.id IS NULL OR s.others > 1 OR s.days_of_week IS NULL OR cardinality(s.days_of_week) = 0
    OR array_ndims(s.days_of_week) > 1 OR NOT s.days_of_week <@ ARRAY[1, 2, 3, 4, 5, 6, 7]::smallint[]
    OR array_position(s.days_of_week, NULL) IS NOT NULL
    OR s.start_minute IS NULL OR s.start_minute NOT BETWEEN 0 AND 1439
    OR s.end_minute IS NULL OR s.end_minute NOT BETWEEN 0 AND 1440 OR s.end_minute - s.start_minute < 30
"""

LOST_SLOTS = """
SELECT format('slot %s of room %s: %s', s.id, s.room_id, CASE
    WHEN r.id IS NULL THEN 'there is no such room' WHEN h.room_id IS NULL THEN 'the room has no schedule'
    ELSE format('the room has no slot at %s', s.start_time) END)
FROM slots s LEFT JOIN rooms r ON r.id = s.room_id LEFT JOIN schedules h ON h.room_id = s.room_id
WHERE r.id IS NULL OR h.room_id IS NULL
    OR NOT extract(isodow FROM s.start_time AT TIME ZONE 'UTC') = ANY (h.days_of_week)
    OR extract(epoch FROM s.start_time - date_trunc('day', s.start_time, 'UTC')) NOT BETWEEN
        h.start_minute * 60 AND (h.end_minute - 30) * 60
    OR (extract(epoch FROM s.start_time - date_trunc('day', s.start_time, 'UTC')) - h.start_minute * 60) % 1800 <> 0
"""

SLOTS = """
SELECT id, room_id, start_time FROM slots WHERE start_time BETWEEN '0001-01-02Z' AND '9999-12-30Z' AND (
    start_time > now() OR (SELECT reltuples FROM pg_class WHERE oid = 'slots'::regclass) < $1)
"""

WRONG_NAMES = """
SELECT format('room %s: its name is empty, or it has no seat', id) FROM rooms
WHERE name IS NULL OR btrim(name) = '' OR capacity < 1
UNION ALL
SELECT format('table %s: a name is empty, or it has no seat', id) FROM tables
WHERE name IS NULL OR btrim(name) = '' OR location IS NULL OR btrim(location) = '' OR seats IS NULL OR seats < 1
"""


async def misnamed_slots(connection: Connection) -> list[str]:
    """Slots whose id is not made of room and start: PostgreSQL cannot tell."""
    found = []
    async for slot, room, start in connection.cursor(SLOTS, SLOTS_MAX, prefetch=5_000):
        if slot != slot_id(room, start):
            found.append(
                f"slot {slot} of room {room} at {start:%Y-%m-%d %H:%M} UTC: it should be {slot_id(room, start)}"
            )
            if len(found) == FOUND_MAX:
                break
    return found


PAST = "Somebody wrote past the engine, or only a part of a backup was restored: "
INVARIANTS = (
    Invariant(
        "Every booking is half an hour of a managed room",
        WRONG_BOOKINGS,
        f"{PAST}cancel the booking, or bring its room back",
    ),
    Invariant(
        "Every table that is reserved is there",
        WRONG_TABLES,
        "A table was deleted past the API: cancel the reservation, or insert the table with its id again",
    ),
    Invariant(
        "Every place is closed that is no more, and no other",
        WRONG_CLOSED,
        f"{PAST}under its lock and with its revision raised, set or empty closed_at of the place",
    ),
    Invariant(
        "Every schedule is the one of its room, and has slots",
        WRONG_SCHEDULES,
        f"{PAST}a room's schedule is never changed, so compare with the backup",
    ),
    Invariant(
        "Every slot is one of its room's schedule",
        LOST_SLOTS,
        "DELETE the slot: those that are right come back when somebody looks at the day",
    ),
    Invariant(
        "Every slot is named after its room and its start",
        misnamed_slots,
        "DELETE the slot: it comes back with its right id when somebody looks at the day",
    ),
    Invariant(
        "Every room and every table has a name and a seat",
        WRONG_NAMES,
        f"{PAST}UPDATE it to what it should be",
    ),
)
