"""The engine's SQL for pools. Each statement serves a whole batch, and says which events it is about.

A pool's row to lock is the event itself, and its count of booked seats is kept there: so a look costs the same for ten
seats and for ten million.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine.claims import Booking, Kind, Place
from holdfast.engine.pool import Seats
from holdfast.engine.statements import tag
from holdfast.outbox.queries import Message

# Sorted, so two batches can never wait on each other.
LOCK = "SELECT FROM events WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"

REVISIONS = "SELECT id, revision FROM events WHERE id = ANY($1::bigint[])"

# See `statements.TAGS`.
TAGS = """
SELECT id, revision, xmin, (SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint)
FROM events WHERE id = ANY($1::bigint[])
"""

# For each claim its event, and the booking that the same person may have there: one descent of the unique index.
LOOK = """
SELECT u.position, e.revision, e.total_seats, e.booked_seats, b.id
FROM ROWS FROM (json_to_recordset($1::json) AS (event_id bigint, user_id text)) WITH ORDINALITY
    AS u (event_id, user_id, position)
JOIN events e ON e.id = u.event_id AND e.id = ANY($2::bigint[])
LEFT JOIN LATERAL (
    SELECT id FROM bookings
    WHERE event_id = u.event_id AND event_id = ANY($2::bigint[]) AND user_id = u.user_id LIMIT 1
) b ON true
"""

# Events first, so that one without such a booking tells its revision too.
HELD = """
SELECT e.id AS event_id, e.revision, b.id, b.user_id, b.created_at
FROM events e
LEFT JOIN bookings b ON b.event_id = e.id AND b.event_id = ANY($1::bigint[]) AND b.id = ANY($2::bigint[])
WHERE e.id = ANY($1::bigint[])
"""

IDS = "SELECT nextval('bookings_id_seq') AS id FROM generate_series(1, $1)"

# Everything that a batch changes, in one round trip and one transaction: see `writing.WRITE`. What is typed into psql
# need not raise a revision: so the seats are counted and the cancelled looked for once more, under the lock.
WRITE = "SELECT write_seats_1($1, $2, $3, $4, $5, $6, $7)"
WRITE_FUNCTION = """
CREATE FUNCTION write_seats_1(
    locked bigint[], revisions json, cancelled bigint[], moment timestamptz,
    new_bookings json, new_messages json, new_keys json
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    done bigint;
BEGIN
    -- Sorted, so two batches can never wait on each other.
    PERFORM FROM events WHERE id = ANY(locked) ORDER BY id FOR UPDATE;
    IF json_array_length(revisions) > 0 THEN
        UPDATE events e SET revision = u.raised, booked_seats = e.booked_seats + u.taken
        FROM json_to_recordset(revisions) AS u (event_id bigint, seen bigint, raised bigint, taken integer)
        WHERE e.id = ANY(locked) AND e.id = u.event_id AND e.revision = u.seen
            AND (u.taken <= 0 OR e.booked_seats + u.taken <= e.total_seats);
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> json_array_length(revisions) THEN
            RAISE EXCEPTION 'an event has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
        IF cardinality(cancelled) > 0 THEN
            DELETE FROM bookings WHERE event_id = ANY(locked) AND id = ANY(cancelled);
            GET DIAGNOSTICS done = ROW_COUNT;
            IF done <> cardinality(cancelled) THEN
                RAISE EXCEPTION 'a booking has gone since the batch was decided' USING ERRCODE = 'HF001';
            END IF;
        END IF;
        INSERT INTO bookings (id, event_id, user_id, created_at)
        SELECT u.id, u.event_id, u.user_id, moment
        FROM events e
        JOIN json_to_recordset(new_bookings) AS u (id bigint, event_id bigint, user_id text) ON u.event_id = e.id
        WHERE e.id = ANY(locked);
        INSERT INTO seat_changes (user_id, event_id, revision, booking_id, change, occurred_at)
        SELECT u.data ->> 'user_id', e.id, u.revision, (u.data ->> 'id')::bigint, split_part(u.type, '.', 2), moment
        FROM events e
        JOIN json_to_recordset(new_messages) AS u (place text, revision bigint, type text, data json)
            ON u.place = 'event:' || e.id
        WHERE e.id = ANY(locked) AND u.type LIKE 'booking.%';
        INSERT INTO outbox (place, revision, id, type, occurred_at, data)
        SELECT u.place, u.revision, u.id, u.type, moment, u.data
        FROM events e
        JOIN json_to_recordset(new_messages) AS u (place text, revision bigint, id uuid, type text, data jsonb)
            ON u.place = 'event:' || e.id
        WHERE e.id = ANY(locked);
    END IF;
    IF new_keys IS NOT NULL THEN
        INSERT INTO idempotency_keys (id, body, claim_id, answer, created_at)
        SELECT u.id, u.body, u.claim_id, u.answer, moment
        FROM json_to_recordset(new_keys) AS u (id uuid, body bytea, claim_id uuid, answer bytea)
        ORDER BY u.id;
    END IF;
END
$$
"""


class Wish(Struct, frozen=True):
    """A seat that somebody wants."""

    event_id: int
    user_id: str


class Raise(Struct):
    """An event's revision, before and after, and how many more of its seats are booked then."""

    event_id: int
    seen: int
    raised: int
    taken: int


class Row(Struct):
    """A booking as it is written."""

    id: int
    event_id: int
    user_id: str


class Look(NamedTuple):
    """The revisions and seats of those events that exist, and the bookings that people who want seats have already."""

    revisions: dict[int, int]
    seats: dict[int, Seats]
    booked: dict[Wish, int]


class Changes(Struct):
    """What a batch writes."""

    locked: Sequence[int]
    raised: Sequence[Raise]
    moment: datetime
    cancelled: Sequence[int] = ()
    bookings: Sequence[Row] = ()
    messages: Sequence[Message] = ()
    keys: str | None = None


async def lock(connection: Connection, events: Sequence[int]) -> None:
    """Lock the events' rows until the transaction ends. Nothing may be decided in this statement."""
    await connection.execute(LOCK, events)


async def revisions(connection: Connection, events: Sequence[int]) -> dict[int, int]:
    """The revisions of those events that exist, without locking them."""
    return {row["id"]: row["revision"] for row in await connection.fetch(REVISIONS, events)}


async def tags(connection: Connection, events: Sequence[int]) -> dict[int, bytes]:
    """What those of these events that exist are tagged by now."""
    rows = await connection.fetch(TAGS, events)
    return {event: tag(revision, written_by, started_at) for event, revision, written_by, started_at in rows}


async def look(connection: Connection, wanted: Sequence[Wish]) -> Look:
    """What there is of what is wanted, as it is committed."""
    events = list({wish.event_id for wish in wanted})
    found = Look({}, {}, {})
    # As JSON, which costs us a third of what arrays do: those are looked at value by value.
    rows = await connection.fetch(LOOK, msgspec.json.encode(wanted).decode(), events)
    for position, revision, total, booked, booking_id in rows:
        wish = wanted[position - 1]
        found.revisions[wish.event_id] = revision
        found.seats[wish.event_id] = Seats(total, booked)
        if booking_id is not None:
            found.booked[wish] = booking_id
    return found


async def held(
    connection: Connection, events: Sequence[int], ids: Sequence[int]
) -> tuple[dict[int, int], dict[int, Booking]]:
    """The events' revisions, and by id those of the bookings that are there."""
    rows = await connection.fetch(HELD, events, ids)
    revisions = {row["event_id"]: row["revision"] for row in rows}
    return revisions, {row["id"]: _booking(row) for row in rows if row["id"] is not None}


async def new_ids(connection: Connection, number: int) -> list[int]:
    """Ids for bookings to come. Those that are not used are never given to others."""
    return [row["id"] for row in await connection.fetch(IDS, number)]


async def write(connection: Connection, changes: Changes) -> None:
    """Write and, outside a transaction, commit. Raises `asyncpg.PostgresError` with `transaction.STALE`."""
    await connection.execute(
        WRITE,
        changes.locked,
        msgspec.json.encode(changes.raised).decode(),
        changes.cancelled,
        changes.moment,
        msgspec.json.encode(changes.bookings).decode(),
        msgspec.json.encode(changes.messages).decode(),
        changes.keys,
    )


def place_of(event_id: int) -> Place:
    """The event as a place."""
    return Place(Kind.EVENT, str(event_id))


def _booking(row: Mapping[str, object]) -> Booking:
    return Booking(
        id=row["id"],  # type: ignore[arg-type]
        place=place_of(row["event_id"]),  # type: ignore[arg-type]
        user_id=row["user_id"],  # type: ignore[arg-type]
        created_at=row["created_at"],  # type: ignore[arg-type]
    )


def event_of(place: Place) -> int:
    """The id of the event that a place is."""
    return int(place.id)
