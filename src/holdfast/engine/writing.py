"""How a batch is written: one statement, which checks that nothing has changed since the batch was decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine.claims import Reservation
from holdfast.outbox.messages import Message

# Everything that a batch changes, in one round trip and one transaction. The function is made by a migration, and is
# never changed: another version of the service may be calling it. Its statements each see what was committed before
# them, as those of any transaction under READ COMMITTED do; so what is looked at after the lock is what is there now.
# What there is nothing of is NULL, and costs nothing. A reservation comes as `claims.Reservation` is in JSON: its place
# is an array of kind and id, and what it has by default is left out.
WRITE = "SELECT write_changes_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
WRITE_FUNCTION = """
CREATE FUNCTION write_changes_1(
    locked text[], locked_events bigint[], revisions json, event_revisions json, moment timestamptz,
    changed_ids uuid[], changed json, reserved json, unbooked bigint[], booked json, messages json, new_keys json
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    done bigint;
BEGIN
    -- Sorted, and places before events, so two batches can never wait on each other.
    IF locked IS NOT NULL THEN
        PERFORM FROM places WHERE place = ANY(locked) ORDER BY place FOR UPDATE;
    END IF;
    IF locked_events IS NOT NULL THEN
        PERFORM FROM events WHERE id = ANY(locked_events) ORDER BY id FOR UPDATE;
    END IF;
    IF revisions IS NOT NULL THEN
        UPDATE places q SET revision = u.raised
        FROM json_to_recordset(revisions) AS u (place text, seen bigint, raised bigint)
        WHERE q.place = ANY(locked) AND q.place = u.place AND q.revision = u.seen;
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> json_array_length(revisions) THEN
            RAISE EXCEPTION 'a place has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
    END IF;
    IF event_revisions IS NOT NULL THEN
        -- What is typed into psql need not raise a revision, so the seats are counted once more.
        UPDATE events e SET revision = u.raised, booked_seats = e.booked_seats + u.taken
        FROM json_to_recordset(event_revisions) AS u (event_id bigint, seen bigint, raised bigint, taken integer)
        WHERE e.id = ANY(locked_events) AND e.id = u.event_id AND e.revision = u.seen
            AND (u.taken <= 0 OR e.booked_seats + u.taken <= e.total_seats);
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> json_array_length(event_revisions) THEN
            RAISE EXCEPTION 'an event has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
    END IF;
    IF changed_ids IS NOT NULL THEN
        -- Time frees a held place without any write. So whoever relies on a hold proves that it has not expired, and
        -- whoever takes its place that it has.
        UPDATE reservations r
        SET place = (a.place ->> 0) || ':' || (a.place ->> 1),
            room_id = CASE a.place ->> 0 WHEN 'room' THEN a.place ->> 1 END,
            start_time = a.start, end_time = a.end, details = a.details, state = coalesce(a.state, 'confirmed'),
            expires_at = a.expires_at, external_ref = a.external_ref, revived = coalesce(a.revived, false),
            cancelled_at = CASE WHEN a.state IN ('released', 'expired', 'cancelled') THEN moment END
        FROM json_to_recordset(changed) AS u (was_at text, proves text, after json)
        CROSS JOIN LATERAL json_to_record(u.after) AS a (
            id uuid, place json, start timestamptz, "end" timestamptz, details jsonb, state text,
            expires_at timestamptz, external_ref text, revived boolean
        )
        WHERE r.id = ANY(changed_ids) AND r.place = u.was_at AND r.id = a.id AND CASE u.proves
            WHEN 'active' THEN r.cancelled_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > engine_now())
            WHEN 'expired' THEN r.state = 'expired' OR r.expires_at <= engine_now() END;
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> json_array_length(changed) THEN
            RAISE EXCEPTION 'a reservation has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
    END IF;
    IF reserved IS NOT NULL THEN
        INSERT INTO reservations (
            id, place, room_id, start_time, end_time, user_id, created_at, details, type, state, expires_at, held_at
        )
        SELECT u.id, (u.place ->> 0) || ':' || (u.place ->> 1), CASE u.place ->> 0 WHEN 'room' THEN u.place ->> 1 END,
            u.start, u.end, u.user_id, u.created_at, u.details, coalesce(u.type, 'range'),
            coalesce(u.state, 'confirmed'), u.expires_at, u.held_at
        FROM json_to_recordset(reserved) AS u (
            id uuid, place json, start timestamptz, "end" timestamptz, user_id uuid, created_at timestamptz,
            details jsonb, type text, state text, expires_at timestamptz, held_at timestamptz
        );
    END IF;
    IF unbooked IS NOT NULL THEN
        DELETE FROM bookings WHERE event_id = ANY(locked_events) AND id = ANY(unbooked);
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> cardinality(unbooked) THEN
            RAISE EXCEPTION 'a booking has gone since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
    END IF;
    IF booked IS NOT NULL THEN
        INSERT INTO bookings (id, event_id, user_id, created_at)
        SELECT u.id, u.event_id, u.user_id, moment
        FROM json_to_recordset(booked) AS u (id bigint, event_id bigint, user_id text);
    END IF;
    IF unbooked IS NOT NULL OR booked IS NOT NULL THEN
        INSERT INTO seat_changes (user_id, event_id, revision, booking_id, change, occurred_at)
        SELECT u.data ->> 'user_id', (u.data ->> 'event_id')::bigint, u.revision, (u.data ->> 'id')::bigint,
            split_part(u.type, '.', 2), moment
        FROM json_to_recordset(messages) AS u (revision bigint, type text, data json)
        WHERE u.type LIKE 'booking.%';
    END IF;
    IF messages IS NOT NULL THEN
        INSERT INTO outbox (place, revision, id, type, occurred_at, data)
        SELECT u.place, u.revision, u.id, u.type, moment, u.data
        FROM json_to_recordset(messages) AS u (place text, revision bigint, id uuid, type text, data jsonb);
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

Proves = Literal["active", "expired"]


class Raise(Struct):
    """A place's revision, before and after."""

    place: str
    seen: int
    raised: int


class EventRaise(Struct):
    """An event's revision, before and after, and how many more of its seats are booked then."""

    event_id: int
    seen: int
    raised: int
    taken: int


class Changed(Struct):
    """A reservation as it is from now on: the one that was at `was_at`, if it is there and is what `proves` says."""

    was_at: str
    proves: Proves
    after: Reservation


class SeatRow(Struct):
    """A booking as it is inserted."""

    id: int
    event_id: int
    user_id: str


class WriteSet(Struct):
    """What a batch writes."""

    locked: Sequence[str]
    locked_events: Sequence[int]
    raised: Sequence[Raise]
    raised_events: Sequence[EventRaise]
    moment: datetime
    changed: Sequence[Changed] = ()
    reserved: Sequence[Reservation] = ()
    unbooked: Sequence[int] = ()
    booked: Sequence[SeatRow] = ()
    messages: Sequence[Message] = ()
    keys: str | None = None


async def write(connection: Connection, writes: WriteSet) -> None:
    """Write and, outside a transaction, commit. Raises `asyncpg.PostgresError` with `transaction.STALE`."""
    await connection.execute(
        WRITE,
        writes.locked or None,
        writes.locked_events or None,
        _json(writes.raised),
        _json(writes.raised_events),
        writes.moment,
        [each.after.id for each in writes.changed] or None,
        _json(writes.changed),
        _json(writes.reserved),
        writes.unbooked or None,
        _json(writes.booked),
        _json(writes.messages),
        writes.keys,
    )


def _json(rows: Sequence[Struct]) -> str | None:
    return msgspec.json.encode(rows).decode() if rows else None
