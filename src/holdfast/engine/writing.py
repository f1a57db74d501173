"""How a batch is written: one statement, which checks that nothing has changed since the batch was decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine import keys
from holdfast.engine.claims import Details, Reservation, Reserve
from holdfast.outbox.queries import Message

# Everything that a batch changes, in one round trip and one transaction. The function is made by a migration, and is
# never changed: another version of the service may be calling it. Its statements each see what was committed before
# them, as those of any transaction under READ COMMITTED do; so what is looked at after the lock is what is there now.
WRITE = "SELECT write_batch_1($1, $2, $3, $4, $5, $6, $7, $8)"
WRITE_FUNCTION = """
CREATE FUNCTION write_batch_1(
    locked text[], revisions json, cancelled uuid[], removed uuid[], moment timestamptz,
    new_reservations json, new_messages json, new_keys json
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found_places bigint;
BEGIN
    -- Sorted, so two batches can never wait on each other.
    PERFORM FROM places WHERE place = ANY(locked) ORDER BY place FOR UPDATE;
    IF json_array_length(revisions) > 0 THEN
        UPDATE places q SET revision = u.raised
        FROM json_to_recordset(revisions) AS u (place text, seen bigint, raised bigint)
        WHERE q.place = ANY(locked) AND q.place = u.place AND q.revision = u.seen;
        GET DIAGNOSTICS found_places = ROW_COUNT;
        IF found_places <> json_array_length(revisions) THEN
            RAISE EXCEPTION 'a place has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
        IF cardinality(cancelled) > 0 THEN
            UPDATE reservations SET cancelled_at = moment
            WHERE place = ANY(locked) AND id = ANY(cancelled);
        END IF;
        IF cardinality(removed) > 0 THEN
            DELETE FROM reservations WHERE place = ANY(locked) AND id = ANY(removed);
        END IF;
        INSERT INTO reservations (id, place, room_id, start_time, end_time, user_id, created_at, details)
        SELECT u.id, u.place, CASE q.kind WHEN 'room' THEN q.id END, u.start_time, u.end_time, u.user_id, u.created_at,
            u.details
        FROM places q
        JOIN json_to_recordset(new_reservations) AS u (
            id uuid, place text, start_time timestamptz, end_time timestamptz, user_id uuid, created_at timestamptz,
            details jsonb
        ) ON u.place = q.place
        WHERE q.place = ANY(locked);
        INSERT INTO outbox (place, revision, id, type, occurred_at, data)
        SELECT u.place, u.revision, u.id, u.type, u.occurred_at, u.data
        FROM places q
        JOIN json_to_recordset(new_messages) AS u (
            place text, revision bigint, id uuid, type text, occurred_at timestamptz, data jsonb
        ) ON u.place = q.place
        WHERE q.place = ANY(locked);
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


class Raise(Struct):
    """A place's revision, before and after."""

    place: str
    seen: int
    raised: int


class Row(Struct):
    """A reservation as it is written."""

    id: UUID
    place: str
    start_time: datetime
    end_time: datetime
    user_id: UUID | None
    created_at: datetime
    details: Details | None


class Changes(Struct):
    """What a batch writes. `seen` and `raised` are the revisions of the places that change, before and after."""

    locked: Sequence[str]
    seen: Mapping[str, int]
    raised: Mapping[str, int]
    moment: datetime
    cancelled: Sequence[UUID] = ()
    removed: Sequence[UUID] = ()
    reservations: Sequence[Reservation] = ()
    messages: Sequence[Message] = ()
    answers: Sequence[tuple[Reserve, bytes]] = ()


async def write(connection: Connection, changes: Changes) -> None:
    """Write and, outside a transaction, commit. Raises `asyncpg.PostgresError` with `transaction.STALE`."""
    raised = [Raise(place, changes.seen[place], revision) for place, revision in changes.raised.items()]
    await connection.execute(
        WRITE,
        changes.locked,
        msgspec.json.encode(raised).decode(),
        changes.cancelled,
        changes.removed,
        changes.moment,
        msgspec.json.encode([_row(each) for each in changes.reservations]).decode(),
        msgspec.json.encode(changes.messages).decode(),
        keys.rows(changes.answers),
    )


def _row(each: Reservation) -> Row:
    return Row(each.id, each.place.key, each.start, each.end, each.user_id, each.created_at, each.details)
