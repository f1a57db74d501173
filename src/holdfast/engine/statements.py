"""The engine's SQL. Each statement serves a whole batch, and says which places it is about.

Every statement also names its places by `= ANY`, inside joins and probes too, and writes from `places` rather than from
bare `unnest`: a database of several shards then runs it where those places' rows are.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine.claims import Details, Interval, Kind, Place, Release, Reservation, Reserve

ENSURE = """
INSERT INTO places (place, kind, id)
SELECT u.place, u.kind, u.id FROM unnest($1::text[], $2::text[], $3::text[]) AS u (place, kind, id) ORDER BY u.place
ON CONFLICT (place) DO NOTHING
"""

# Sorted, so two batches can never wait on each other.
LOCK = "SELECT place, revision FROM places WHERE place = ANY($1::text[]) ORDER BY place FOR UPDATE"

REVISIONS = "SELECT place, revision FROM places WHERE place = ANY($1::text[])"

RAISE = """
UPDATE places q SET revision = u.revision
FROM unnest($1::text[], $2::bigint[]) AS u (place, revision)
WHERE q.place = ANY($1::text[]) AND q.place = u.place
"""

# One descent of the index a claim, however long the place's history: see `calendar.py` for why one row is enough.
NEAREST = """
SELECT u.position, r.start_time, r.end_time
FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS u (place, claim_end, position)
CROSS JOIN LATERAL (
    SELECT start_time, end_time FROM reservations
    WHERE place = u.place AND place = ANY($3::text[]) AND start_time < u.claim_end AND cancelled_at IS NULL
    ORDER BY start_time DESC LIMIT 1
) r
"""

# The same for a reservation that moves, which must not be in its own way.
NEAREST_BUT = """
SELECT start_time, end_time FROM reservations
WHERE place = $1 AND start_time < $2 AND cancelled_at IS NULL AND id <> $3
ORDER BY start_time DESC LIMIT 1
"""

INSERT = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, user_id, created_at, details)
SELECT u.id, u.place, CASE q.kind WHEN 'room' THEN q.id END, u.start_time, u.end_time, u.user_id, u.created_at,
    u.details
FROM places q
JOIN json_to_recordset($1::json) AS u (
    id uuid, place text, start_time timestamptz, end_time timestamptz, user_id uuid, created_at timestamptz,
    details jsonb
) ON u.place = q.place
WHERE q.place = ANY($2::text[])
"""

COLUMNS = "id, place, start_time, end_time, user_id, created_at, details"

CANCEL = f"""
UPDATE reservations SET cancelled_at = $3
WHERE place = ANY($1::text[]) AND id = ANY($2::uuid[]) AND cancelled_at IS NULL
RETURNING {COLUMNS}
"""

HELD = f"SELECT {COLUMNS} FROM reservations WHERE place = $1 AND id = $2 AND cancelled_at IS NULL"

RESCHEDULE = "UPDATE reservations SET start_time = $3, end_time = $4 WHERE place = $1 AND id = $2"

# A row's place is what its shard goes by, so it is never changed: the row is taken out and put in again.
REMOVE = "DELETE FROM reservations WHERE place = $1 AND id = $2"

REMEMBERED = "SELECT id, body, answer FROM idempotency_keys WHERE id = ANY($1::uuid[])"

REMEMBER = """
INSERT INTO idempotency_keys (id, body, claim_id, answer, created_at)
SELECT u.id, u.body, u.claim_id, u.answer, $5
FROM unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::bytea[]) AS u (id, body, claim_id, answer) ORDER BY u.id
ON CONFLICT (id) DO NOTHING RETURNING id
"""

FORGET = """
DELETE FROM idempotency_keys WHERE id IN (
    SELECT id FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2
)
"""

MESSAGE_THERE = "SELECT EXISTS (SELECT FROM outbox WHERE place = $1 AND revision = $2 AND id = $3)"
KEY_THERE = "SELECT EXISTS (SELECT FROM idempotency_keys WHERE id = $1 AND claim_id = $2)"

KEYS_FORGOTTEN_AT_ONCE = 1_000


class _Row(Struct):
    id: UUID
    place: str
    start_time: datetime
    end_time: datetime
    user_id: UUID | None
    created_at: datetime
    details: Details | None


async def ensure_places(connection: Connection, places: Iterable[Place]) -> None:
    """Give places named for the first time a row to lock. They keep it for ever, so revisions never restart."""
    known = list(places)
    await connection.execute(
        ENSURE,
        [place.key for place in known],
        [place.kind.value for place in known],
        [place.id for place in known],
    )


async def lock(connection: Connection, places: Sequence[str]) -> dict[str, int]:
    """Lock the places' rows until the transaction ends; answers their revisions.

    Nothing may be decided in this statement: if it had to wait, the rest of what it sees is from before the wait.
    """
    return {row["place"]: row["revision"] for row in await connection.fetch(LOCK, places)}


async def revisions(connection: Connection, places: Sequence[str]) -> dict[str, int]:
    """The revisions of those places that have been named, without locking them."""
    return {row["place"]: row["revision"] for row in await connection.fetch(REVISIONS, places)}


async def raise_revisions(connection: Connection, revisions: Mapping[str, int]) -> None:
    """Set the locked places' revisions to new, greater numbers."""
    await connection.execute(RAISE, list(revisions), list(revisions.values()))


async def nearest(connection: Connection, claims: Sequence[Reserve]) -> list[Interval | None]:
    """For each claim the one active reservation that could be in its way, as `calendar.settle` wants it."""
    found: list[Interval | None] = [None] * len(claims)
    keys = [claim.place.key for claim in claims]
    # Each place once: the list is prepared anew for each probe, so one of a whole batch would cost its square.
    rows = await connection.fetch(NEAREST, keys, [claim.interval.end for claim in claims], list(set(keys)))
    for row in rows:
        found[row["position"] - 1] = Interval(row["start_time"], row["end_time"])
    return found


async def nearest_but(connection: Connection, place: Place, before: datetime, reservation_id: UUID) -> Interval | None:
    """The active reservation with the greatest start before a moment, one reservation left out."""
    row = await connection.fetchrow(NEAREST_BUT, place.key, before, reservation_id)
    return None if row is None else Interval(row["start_time"], row["end_time"])


async def insert(connection: Connection, reservations: Sequence[Reservation]) -> None:
    """Write reservations that were granted."""
    rows = [
        _Row(each.id, each.place.key, each.start, each.end, each.user_id, each.created_at, each.details)
        for each in reservations
    ]
    # As JSON, which costs us a third of what arrays do: those are looked at value by value.
    await connection.execute(INSERT, msgspec.json.encode(rows).decode(), list({row.place for row in rows}))


async def cancel(connection: Connection, releases: Sequence[Release], now: datetime) -> dict[UUID, Reservation]:
    """Cancel what is still active; answers, by id, the reservations as they stood."""
    rows = await connection.fetch(
        CANCEL, [claim.place.key for claim in releases], [claim.reservation_id for claim in releases], now
    )
    return {row["id"]: _reservation(row) for row in rows}


async def held(connection: Connection, place: Place, reservation_id: UUID) -> Reservation | None:
    """An active reservation of this place, or `None`."""
    row = await connection.fetchrow(HELD, place.key, reservation_id)
    return None if row is None else _reservation(row)


async def rewrite(connection: Connection, before: Reservation, after: Reservation) -> None:
    """Write a reservation's new stretch, and its new place when that changes too."""
    if before.place == after.place:
        await connection.execute(RESCHEDULE, after.place.key, after.id, after.start, after.end)
        return
    await connection.execute(REMOVE, before.place.key, before.id)
    await insert(connection, [after])


async def remembered(connection: Connection, keys: Iterable[UUID]) -> dict[UUID, tuple[bytes, bytes]]:
    """Of these idempotency keys those that were used, with their body's hash and their answer."""
    return {row["id"]: (row["body"], row["answer"]) for row in await connection.fetch(REMEMBERED, list(keys))}


async def remember(connection: Connection, answers: Sequence[tuple[Reserve, bytes]], now: datetime) -> bool:
    """Keep the answers of claims that have a key. False when a key was used elsewhere in the meantime."""
    keyed = [(claim.key, claim.id, answer) for claim, answer in answers if claim.key is not None]
    rows = await connection.fetch(
        REMEMBER,
        [key.id for key, _, _ in keyed],
        [key.body for key, _, _ in keyed],
        [claim_id for _, claim_id, _ in keyed],
        [answer for _, _, answer in keyed],
        now,
    )
    return len(rows) == len(keyed)


async def forget_keys(connection: Connection, now: datetime, age: timedelta) -> bool:
    """Delete some of the keys older than `age`; true when there may be more."""
    done: str = await connection.execute(FORGET, now - age, KEYS_FORGOTTEN_AT_ONCE)
    return int(done.rpartition(" ")[2]) == KEYS_FORGOTTEN_AT_ONCE


def place_of(key: str) -> Place:
    """The place that a key stands for."""
    kind, _, place_id = key.partition(":")
    return Place(Kind(kind), place_id)


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
