"""The SQL that finds rows which no list can show: those that `database/readable.py` leaves out. Reads only."""

# Words are those of `Role`, `Disabled`, `Outcome` and `Failure`; the bounds of time are Python's, with a day to spare.
UNREADABLE = """
WITH moments (name, key, moments) AS (
    SELECT 'reservation', id::text, ARRAY[start_time, end_time, created_at, cancelled_at] FROM reservations
    UNION ALL SELECT 'room', id::text, ARRAY[created_at, retired_at] FROM rooms
    UNION ALL SELECT 'schedule of room', room_id::text, ARRAY[created_at] FROM schedules
    UNION ALL SELECT 'slot', id::text, ARRAY[start_time] FROM slots
    UNION ALL SELECT 'place', place, ARRAY[closed_at] FROM places
    UNION ALL SELECT 'event', id::text, ARRAY[created_at] FROM events
    UNION ALL SELECT 'booking of a seat', id::text, ARRAY[created_at] FROM bookings
    UNION ALL SELECT 'change of seats', event_id || ', revision ' || revision, ARRAY[occurred_at] FROM seat_changes
    UNION ALL SELECT 'table', id::text, ARRAY[created_at] FROM tables
    UNION ALL SELECT 'user', id::text, ARRAY[created_at, disabled_at] FROM users
    UNION ALL SELECT 'webhook', id::text, ARRAY[created_at, failing_since, disabled_at, queued_until] FROM webhooks
    UNION ALL SELECT 'delivery', message_id::text, ARRAY[queued_at, tried_at, first_tried_at, due_at]
        FROM webhook_deliveries
    UNION ALL SELECT 'message', id::text, ARRAY[occurred_at, published_at] FROM outbox
), shapes (name, key, fault) AS (
    SELECT 'reservation', id::text, 'its place' FROM reservations
    WHERE place !~ '^(room:.|table:[1-9][0-9]{0,18}$)'
        OR CASE WHEN place ~ '^table:[0-9]{1,19}$' THEN substr(place, 7)::numeric > 9223372036854775807 END
    UNION ALL SELECT 'reservation', id::text, 'its details' FROM reservations
    WHERE details IS NOT NULL AND (
        jsonb_typeof(details) <> 'object'
        OR coalesce(jsonb_typeof(details -> 'conference_link'), 'null') NOT IN ('null', 'string')
        OR coalesce(jsonb_typeof(details -> 'customer_name'), 'null') NOT IN ('null', 'string')
        OR coalesce(jsonb_typeof(details -> 'party_size'), 'null') NOT IN ('null', 'number')
        OR CASE jsonb_typeof(details -> 'party_size') WHEN 'number' THEN
            (details ->> 'party_size')::numeric NOT BETWEEN 1 AND 1000 END
    )
    UNION ALL SELECT 'place', place, 'its kind' FROM places WHERE kind NOT IN ('room', 'table', 'event')
        OR place !~ '^(room|table|event):'
    UNION ALL SELECT 'schedule of room', room_id::text, 'its days' FROM schedules
    WHERE array_ndims(days_of_week) IS DISTINCT FROM 1
        OR EXISTS (SELECT FROM unnest(days_of_week) AS d (day) WHERE day IS NULL)
    UNION ALL SELECT 'user', id::text, 'the role' FROM users WHERE role NOT IN ('admin', 'user')
    UNION ALL SELECT 'webhook', id::text, 'its types, or why it is switched off' FROM webhooks
    WHERE disabled_why NOT IN ('admin', 'gone', 'failing', 'full')
        OR array_ndims(types) > 1 OR EXISTS (SELECT FROM unnest(types) AS t (type) WHERE type IS NULL)
    UNION ALL SELECT 'delivery', message_id::text, 'its outcome' FROM webhook_deliveries
    WHERE outcome NOT IN ('delivered', 'given_up') OR (due_at IS NOT NULL AND body IS NULL)
        OR failure NOT IN ('name', 'address', 'connection', 'tls', 'timeout', 'redirect', 'status')
    UNION ALL SELECT 'message', id::text, 'its data' FROM outbox WHERE jsonb_typeof(data) <> 'object'
)
SELECT format('%s %s: a time', name, key) FROM moments
WHERE EXISTS (
    SELECT FROM unnest(moments) AS m (moment)
    WHERE moment NOT BETWEEN '0001-01-02 00:00Z' AND '9999-12-30 00:00Z'
)
UNION ALL SELECT format('%s %s: %s', name, key, fault) FROM shapes
"""
