"""The engine's SQL. Each statement serves a whole batch, and says which places it is about.

Every statement also names its places by `= ANY`, inside joins and probes too, and writes from `places` rather than from
bare `unnest`: a database of several shards then runs it where those places' rows are.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine.claims import Details, Interval, Kind, Place, Reservation, Reserve
from holdfast.outbox.queries import Message

ENSURE = """
INSERT INTO places (place, kind, id)
SELECT u.place, u.kind, u.id FROM unnest($1::text[], $2::text[], $3::text[]) AS u (place, kind, id) ORDER BY u.place
ON CONFLICT (place) DO NOTHING
"""

# Sorted, so two batches can never wait on each other.
LOCK = "SELECT FROM places WHERE place = ANY($1::text[]) ORDER BY place FOR UPDATE"

REVISIONS = "SELECT place, revision FROM places WHERE place = ANY($1::text[])"

# One descent of the index a claim, however long the place's history: see `calendar.py` for why one row is enough.
LOOK = """
SELECT u.position, q.revision, r.start_time, r.end_time
FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS u (place, claim_end, position)
JOIN places q ON q.place = u.place AND q.place = ANY($3::text[])
LEFT JOIN LATERAL (
    SELECT start_time, end_time FROM reservations
    WHERE place = u.place AND place = ANY($3::text[]) AND start_time < u.claim_end AND cancelled_at IS NULL
    ORDER BY start_time DESC LIMIT 1
) r ON true
"""

# The same, as it will be when some reservations have left.
LOOK_PAST = LOOK.replace("cancelled_at IS NULL", "cancelled_at IS NULL AND id <> ALL($4::uuid[])")

# Places first, so that one without such a reservation tells its revision too. Cancelled ones as well, for on a table
# without statistics the planner would take the index of active ones, and read all of a place's.
HELD = """
SELECT q.place, q.revision, r.id, r.start_time, r.end_time, r.user_id, r.created_at, r.details, r.cancelled_at
FROM places q
LEFT JOIN reservations r ON r.place = q.place AND r.place = ANY($1::text[]) AND r.id = ANY($2::uuid[])
WHERE q.place = ANY($1::text[])
"""

# Everything that a batch changes, in one round trip and one transaction. The function is made by a migration, and is
# never changed: another version of the service may be calling it. Its statements each see what was committed before
# them, as those of any transaction under READ COMMITTED do; so what is looked at after the lock is what is there now.
WRITE = "SELECT write_batch_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
STALE = "HF001"
"""SQLSTATE of `WRITE_FUNCTION`, when a place is not at the revision that the batch was decided on."""
KEYS_UNIQUE = "pk_idempotency_keys"
"""The constraint that a key which was used before breaks."""
WRITE_FUNCTION = """
CREATE FUNCTION write_batch_1(
    locked text[], changed text[], seen bigint[], raised bigint[], cancelled uuid[], removed uuid[],
    moment timestamptz, new_reservations json, new_messages json, new_keys json
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found_places bigint;
BEGIN
    -- Sorted, so two batches can never wait on each other.
    PERFORM FROM places WHERE place = ANY(locked) ORDER BY place FOR UPDATE;
    IF cardinality(changed) > 0 THEN
        UPDATE places q SET revision = u.raised
        FROM unnest(changed, seen, raised) AS u (place, seen, raised)
        WHERE q.place = ANY(changed) AND q.place = u.place AND q.revision = u.seen;
        GET DIAGNOSTICS found_places = ROW_COUNT;
        IF found_places <> cardinality(changed) THEN
            RAISE EXCEPTION 'a place has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
        IF cardinality(cancelled) > 0 THEN
            UPDATE reservations SET cancelled_at = moment
            WHERE place = ANY(changed) AND id = ANY(cancelled);
        END IF;
        IF cardinality(removed) > 0 THEN
            DELETE FROM reservations WHERE place = ANY(changed) AND id = ANY(removed);
        END IF;
        INSERT INTO reservations (id, place, room_id, start_time, end_time, user_id, created_at, details)
        SELECT u.id, u.place, CASE q.kind WHEN 'room' THEN q.id END, u.start_time, u.end_time, u.user_id, u.created_at,
            u.details
        FROM places q
        JOIN json_to_recordset(new_reservations) AS u (
            id uuid, place text, start_time timestamptz, end_time timestamptz, user_id uuid, created_at timestamptz,
            details jsonb
        ) ON u.place = q.place
        WHERE q.place = ANY(changed);
        INSERT INTO outbox (place, revision, id, type, occurred_at, data)
        SELECT u.place, u.revision, u.id, u.type, u.occurred_at, u.data
        FROM places q
        JOIN json_to_recordset(new_messages) AS u (
            place text, revision bigint, id uuid, type text, occurred_at timestamptz, data jsonb
        ) ON u.place = q.place
        WHERE q.place = ANY(changed);
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

REMEMBERED = "SELECT id, body, claim_id, answer FROM idempotency_keys WHERE id = ANY($1::uuid[])"

FORGET = """
DELETE FROM idempotency_keys WHERE id IN (
    SELECT id FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2
)
"""

MESSAGE_THERE = "SELECT EXISTS (SELECT FROM outbox WHERE place = $1 AND revision = $2 AND id = $3)"
KEY_THERE = "SELECT EXISTS (SELECT FROM idempotency_keys WHERE id = $1 AND claim_id = $2)"

KEYS_FORGOTTEN_AT_ONCE = 1_000


class Row(Struct):
    """A reservation as it is written."""

    id: UUID
    place: str
    start_time: datetime
    end_time: datetime
    user_id: UUID | None
    created_at: datetime
    details: Details | None


class KeyRow(Struct):
    """An idempotency key as it is written: bytes as `bytea` reads them."""

    id: UUID
    body: str
    claim_id: UUID
    answer: str


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


class Remembered(NamedTuple):
    """What is kept of a key that was used: the hash of the request's body, the claim, its answer in JSON."""

    body: bytes
    claim_id: UUID
    answer: bytes


async def ensure_places(connection: Connection, places: Iterable[Place]) -> None:
    """Give places named for the first time a row to lock. They keep it for ever, so revisions never restart."""
    known = list(places)
    await connection.execute(
        ENSURE,
        [place.key for place in known],
        [place.kind.value for place in known],
        [place.id for place in known],
    )


async def lock(connection: Connection, places: Sequence[str]) -> None:
    """Lock the places' rows until the transaction ends.

    Nothing may be decided in this statement: if it had to wait, the rest of what it sees is from before the wait.
    """
    await connection.execute(LOCK, places)


async def revisions(connection: Connection, places: Sequence[str]) -> dict[str, int]:
    """The revisions of those places that have been named, without locking them."""
    return {row["place"]: row["revision"] for row in await connection.fetch(REVISIONS, places)}


async def look(
    connection: Connection, places: Sequence[str], wanted: Sequence[tuple[str, datetime]], leaving: Sequence[UUID] = ()
) -> tuple[dict[str, int], list[Interval | None]]:
    """The places' revisions, and for each wish (a place, and when it ends) the nearest reservation, as it is committed.

    `places` are those of the wishes, each once: the list is prepared anew for each probe, so one of a whole batch would
    cost its square. A place that has no row has no revision either. The reservations in `leaving` count as gone.
    """
    found: list[Interval | None] = [None] * len(wanted)
    revisions: dict[str, int] = {}
    arguments = [key for key, _ in wanted], [end for _, end in wanted], places
    rows = await (connection.fetch(LOOK_PAST, *arguments, leaving) if leaving else connection.fetch(LOOK, *arguments))
    for position, revision, start, end in rows:
        revisions[wanted[position - 1][0]] = revision
        if start is not None:
            found[position - 1] = Interval(start, end)
    return revisions, found


async def held(
    connection: Connection, places: Sequence[str], ids: Sequence[UUID]
) -> tuple[dict[str, int], dict[UUID, Reservation]]:
    """The places' revisions, and by id those of the reservations that are active there."""
    rows = await connection.fetch(HELD, places, ids)
    revisions = {row["place"]: row["revision"] for row in rows}
    active = (row for row in rows if row["id"] is not None and row["cancelled_at"] is None)
    return revisions, {row["id"]: _reservation(row) for row in active}


async def write(connection: Connection, changes: Changes) -> None:
    """Write and, outside a transaction, commit. Raises `asyncpg.PostgresError` with `STALE`."""
    changed = list(changes.raised)
    await connection.execute(
        WRITE,
        changes.locked,
        changed,
        [changes.seen[place] for place in changed],
        list(changes.raised.values()),
        changes.cancelled,
        changes.removed,
        changes.moment,
        # As JSON, which costs us a third of what arrays do: those are looked at value by value.
        msgspec.json.encode([_row(each) for each in changes.reservations]).decode(),
        msgspec.json.encode(changes.messages).decode(),
        _keys(changes.answers) if changes.answers else None,
    )


async def remembered(connection: Connection, keys: Iterable[UUID]) -> dict[UUID, Remembered]:
    """Of these idempotency keys those that were used, and what is kept of them."""
    rows = await connection.fetch(REMEMBERED, list(keys))
    return {row["id"]: Remembered(row["body"], row["claim_id"], row["answer"]) for row in rows}


async def forget_keys(connection: Connection, now: datetime, age: timedelta) -> bool:
    """Delete some of the keys older than `age`; true when there may be more."""
    done: str = await connection.execute(FORGET, now - age, KEYS_FORGOTTEN_AT_ONCE)
    return int(done.rpartition(" ")[2]) == KEYS_FORGOTTEN_AT_ONCE


def place_of(key: str) -> Place:
    """The place that a key stands for."""
    kind, _, place_id = key.partition(":")
    return Place(Kind(kind), place_id)


def _row(each: Reservation) -> Row:
    return Row(each.id, each.place.key, each.start, each.end, each.user_id, each.created_at, each.details)


def _keys(answers: Sequence[tuple[Reserve, bytes]]) -> str:
    rows = [
        KeyRow(claim.key.id, "\\x" + claim.key.body.hex(), claim.id, "\\x" + answer.hex())
        for claim, answer in answers
        if claim.key is not None
    ]
    return msgspec.json.encode(rows).decode()


def _reservation(row: Mapping[str, object]) -> Reservation:
    details = row["details"]
    return Reservation(
        id=row["id"],  # type: ignore[arg-type]
        place=place_of(str(row["place"])),
        start=row["start_time"],  # type: ignore[arg-type]
        end=row["end_time"],  # type: ignore[arg-type]
        created_at=row["created_at"],  # type: ignore[arg-type]
        user_id=row["user_id"],  # type: ignore[arg-type]
        details=None if details is None else msgspec.json.decode(str(details)),
    )
