"""What must be true of places and reservations."""

from holdfast.upkeep.broken import Invariant

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

# Clocks of machines may differ, so a moment before it was made is no fault.
MISFITS = """
SELECT format('reservation %s at %s: %s', r.id, r.place, CASE
    WHEN q.place IS NULL THEN 'the place has no row to lock'
    WHEN r.end_time <= r.start_time THEN 'ends before it begins'
    WHEN r.start_time < '0001-01-02Z' OR r.end_time > '9999-12-30Z' THEN 'is of no year that can be read'
    WHEN r.end_time - r.start_time > interval '366 days' THEN 'lasts longer than any may'
    WHEN r.created_at NOT BETWEEN '0001-01-02Z' AND '9999-12-30Z'
        OR r.cancelled_at NOT BETWEEN '0001-01-02Z' AND '9999-12-30Z' THEN 'was made or cancelled in no year'
    WHEN r.cancelled_at < r.created_at - interval '5 hours' THEN 'was cancelled before it was made'
    WHEN jsonb_typeof(r.details) <> 'object' THEN 'its details cannot be read'
    WHEN jsonb_typeof(r.details -> 'conference_link') NOT IN ('string', 'null') THEN 'its link cannot be read'
    WHEN jsonb_typeof(r.details -> 'customer_name') NOT IN ('string', 'null') THEN 'its guest cannot be read'
    WHEN jsonb_typeof(r.details -> 'party_size') NOT IN ('number', 'null') THEN 'its party cannot be read'
    ELSE format('its room is said to be %s', coalesce(r.room_id, 'none')) END)
FROM reservations r LEFT JOIN places q ON q.place = r.place
WHERE q.place IS NULL OR r.end_time <= r.start_time
    OR r.room_id IS DISTINCT FROM CASE q.kind WHEN 'room' THEN q.id END
    OR r.start_time < '0001-01-02Z' OR r.end_time > '9999-12-30Z' OR r.end_time - r.start_time > interval '366 days'
    OR r.created_at NOT BETWEEN '0001-01-02Z' AND '9999-12-30Z'
    OR r.cancelled_at NOT BETWEEN '0001-01-02Z' AND '9999-12-30Z'
    OR r.cancelled_at < r.created_at - interval '5 hours'
    OR (r.details IS NOT NULL AND (jsonb_typeof(r.details) <> 'object'
        OR jsonb_typeof(r.details -> 'conference_link') NOT IN ('string', 'null')
        OR jsonb_typeof(r.details -> 'customer_name') NOT IN ('string', 'null')
        OR jsonb_typeof(r.details -> 'party_size') NOT IN ('number', 'null')))
"""

# A hold that has expired is still said to be held until somebody ends it, so the time decides nothing here.
WRONG_STATES = """
SELECT format('reservation %s at %s: %s', id, place, CASE
    WHEN state NOT IN ('held', 'pending', 'confirmed', 'released', 'expired', 'cancelled')
        THEN format('nobody knows a state %s', state)
    WHEN type <> CASE WHEN place LIKE 'table:%' THEN 'table' WHEN details IS NOT NULL THEN 'slot' ELSE 'range' END
        THEN format('is not of the type %s', type)
    WHEN (cancelled_at IS NULL) <> (state IN ('held', 'pending', 'confirmed'))
        THEN format('is said to be %s, and %s', state, CASE WHEN cancelled_at IS NULL THEN 'takes its place'
            ELSE 'ended' END)
    WHEN (expires_at IS NOT NULL) <> (state = 'held') THEN format('is said to be %s, and %s', state,
        CASE WHEN expires_at IS NULL THEN 'never expires' ELSE 'expires' END)
    WHEN held_at IS NULL AND (state IN ('held', 'expired', 'released') OR revived OR external_ref IS NOT NULL)
        THEN 'was never held'
    ELSE 'is held until before it began, or for more than two hours' END)
FROM reservations
WHERE state NOT IN ('held', 'pending', 'confirmed', 'released', 'expired', 'cancelled')
    OR type <> CASE WHEN place LIKE 'table:%' THEN 'table' WHEN details IS NOT NULL THEN 'slot' ELSE 'range' END
    OR (cancelled_at IS NULL) <> (state IN ('held', 'pending', 'confirmed'))
    OR (expires_at IS NOT NULL) <> (state = 'held')
    OR (held_at IS NULL AND (state IN ('held', 'expired', 'released') OR revived OR external_ref IS NOT NULL))
    OR expires_at NOT BETWEEN held_at AND held_at + interval '2 hours'
"""

WRONG_PLACES = """
SELECT format('place %s says that it is %s %s', place, kind, id) FROM places
WHERE place <> kind || ':' || id OR kind NOT IN ('room', 'table') OR id = ''
"""

WRONG_REVISIONS = """
SELECT format('place %s has the revision %s', place, revision) FROM places WHERE revision < 0
"""

# As `fields.canonical` writes them: a UUID in lower case and with hyphens, a number without zeros or a sign before it.
TWO_SPELLINGS = """
WITH spelled AS (
    SELECT place, kind, substr(place, strpos(place, ':') + 1) AS id FROM places
), plain AS (
    SELECT place, kind, id, CASE
        WHEN kind = 'table' AND id ~ '^[[:space:]+]*[0-9]+[[:space:]]*$'
            THEN coalesce(nullif(ltrim(regexp_replace(id, '[^0-9]', '', 'g'), '0'), ''), '0')
        WHEN kind = 'table' THEN NULL
        WHEN id ~* '^[[:space:]{]*(urn:uuid:)?([0-9a-f]-?){32}[[:space:]}]*$'
            THEN regexp_replace(regexp_replace(lower(regexp_replace(id, '^[[:space:]{]*(urn:uuid:)?', '', 'i')),
                '[^0-9a-f]', '', 'g'), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\\1-\\2-\\3-\\4-\\5')
        ELSE normalize(id, NFC) END AS plain
    FROM spelled
)
SELECT format('place %s: %s', place, CASE
    WHEN plain IS NULL THEN 'is no table''s number'
    WHEN others > 1 THEN format('is spelled %s, too', plain)
    ELSE format('should be spelled %s', plain) END)
FROM (SELECT *, count(*) OVER (PARTITION BY kind, plain) AS others FROM plain) p WHERE id IS DISTINCT FROM plain
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
        "Every reservation is in one state, which fits the rest of it",
        WRONG_STATES,
        "Somebody wrote past the engine: UPDATE it to what it should be, by the rules for writing by hand",
    ),
    Invariant(
        "Every place is called what it is",
        WRONG_PLACES,
        "Somebody wrote past the engine: compare with a backup",
    ),
    Invariant(
        "Every place has one spelling",
        TWO_SPELLINGS,
        "Whoever has the other spelling is not seen: move the reservations to the right one, in psql and by its rules",
    ),
    Invariant(
        "Every place counts its changes from nothing on",
        WRONG_REVISIONS,
        "Somebody wrote past the engine: set it to the revision of the place's last message, or to 0",
    ),
)
