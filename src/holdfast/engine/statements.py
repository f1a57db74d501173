"""The engine's SQL for places themselves: rows to lock, revisions, and what is remembered of requests with keys.

A place is named by its key everywhere. What gets locked is its row in `places`, for an event its row in `events`, where
the booked seats are counted: so a look costs the same for ten seats and for ten million.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from holdfast.database.connections import Connection
from holdfast.engine import claims
from holdfast.engine.claims import Key, Place
from holdfast.engine.schema import HELD_NOW

# Made once for each place and kept for ever, so that revisions never restart. One that was deleted by hand has left
# traces, and begins above every revision that it can have had: at the milliseconds since 1970. `LIMIT 1` has all of it
# looked up by the index, place by place.
ENSURE = """
INSERT INTO places (place, kind, id, revision)
SELECT u.place, u.kind, u.id, CASE WHEN r.is_there OR o.is_there
    THEN (extract(epoch FROM engine_now()) * 1000)::bigint ELSE 0 END
FROM unnest($1::text[], $2::text[], $3::text[]) AS u (place, kind, id)
LEFT JOIN LATERAL (SELECT true AS is_there FROM places WHERE place = u.place LIMIT 1) q ON true
LEFT JOIN LATERAL (
    SELECT true AS is_there FROM reservations WHERE place = u.place AND cancelled_at IS NULL LIMIT 1
) r ON true
LEFT JOIN LATERAL (SELECT true AS is_there FROM outbox WHERE place = u.place LIMIT 1) o ON true
WHERE q.is_there IS NULL
ORDER BY u.place
ON CONFLICT (place) DO NOTHING
"""

# Sorted, so two batches can never wait on each other. Nothing may be decided in such a statement: if it had to wait,
# the rest of what it sees is from before the wait.
LOCK = "SELECT FROM places WHERE place = ANY($1::text[]) ORDER BY place FOR UPDATE"
LOCK_EVENTS = "SELECT FROM events WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"

REVISIONS = "SELECT place, revision FROM places WHERE place = ANY($1::text[])"
EVENT_REVISIONS = "SELECT id, revision FROM events WHERE id = ANY($1::bigint[])"

STARTED = "(SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint)"

# A revision, and what tells it from the same number in another life of the database: the transaction that wrote the
# row, which differs in whatever was restored, and when the server was started, which differs after a failover. Neither
# costs a look at anything else. A hold that expires frees its place without a write, so when the next one does is told
# as well: it is another one then, or none.
TAGS = f"""
SELECT place, revision, xmin, {STARTED}, (
    SELECT (extract(epoch FROM min(expires_at)) * 1000000)::bigint FROM reservations h
    WHERE h.place = q.place AND {HELD_NOW}
)
FROM places q WHERE place = ANY($1::text[])
"""
EVENT_TAGS = f"SELECT id, revision, xmin, {STARTED}, NULL::bigint FROM events WHERE id = ANY($1::bigint[])"

REMEMBERED = "SELECT id, body, claim_id, answer FROM idempotency_keys WHERE id = ANY($1::uuid[])"

REMEMBER = """
INSERT INTO idempotency_keys (id, body, claim_id, answer, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING RETURNING id
"""

# Under the place's lock, and with a revision that is raised: a claim that was decided before is refused then.
CLOSE = "UPDATE places SET closed_at = $2 WHERE place = $1"

FORGET = """
DELETE FROM idempotency_keys WHERE id IN (
    SELECT id FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2
)
"""

# Whether what a batch wrote is there. And an attempt to insert the same, which waits for whoever is about to.
MESSAGE_THERE = "SELECT EXISTS (SELECT FROM outbox WHERE place = $1 AND revision = $2 AND id = $3)"
MESSAGE_PROBE = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
VALUES ($1, $2, $3, 'place.checked', engine_now(), '{}')
ON CONFLICT DO NOTHING
"""
# With its answer: a write of the same claim that came late may have remembered another one.
KEY_THERE = "SELECT EXISTS (SELECT FROM idempotency_keys WHERE id = $1 AND claim_id = $2 AND answer = $3)"
KEY_PROBE = """
INSERT INTO idempotency_keys (id, body, claim_id, answer, created_at) VALUES ($1, '', $2, $3, engine_now())
ON CONFLICT DO NOTHING
"""

KEYS_FORGOTTEN_AT_ONCE = 1_000
EVENT = f"{claims.EVENT}:"


class Remembered(NamedTuple):
    """What is kept of a key that was used: the hash of the request's body, the change, its answer in JSON."""

    body: bytes
    claim_id: UUID
    answer: bytes


async def ensure_places(connection: Connection, places: Iterable[Place]) -> None:
    """Give places named for the first time a row to lock."""
    known = list(places)
    await connection.execute(
        ENSURE,
        [place.key for place in known],
        [place.kind for place in known],
        [place.id for place in known],
    )


async def lock(connection: Connection, keys: Iterable[str]) -> None:
    """Lock the rows of places and events, by their keys, until the transaction ends: places first."""
    places, events = apart(keys)
    if places:
        await connection.execute(LOCK, places)
    if events:
        await connection.execute(LOCK_EVENTS, events)


async def revisions(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """The revisions of those places and events that there are, without locking them."""
    places, events = apart(keys)
    found = {row["place"]: row["revision"] for row in await connection.fetch(REVISIONS, places)} if places else {}
    if events:
        found |= {event_key(row["id"]): row["revision"] for row in await connection.fetch(EVENT_REVISIONS, events)}
    return found


def tag(revision: int, written_by: int, started_at: int, expires_at: int | None) -> bytes:
    """An `ETag`: opaque to clients, and the same in every process. `expires_at` is when the next hold does."""
    if expires_at is None:
        return b'"%d-%x-%x"' % (revision, written_by, started_at)
    return b'"%d-%x-%x-%x"' % (revision, written_by, started_at, expires_at)


async def tags(connection: Connection, places: Sequence[str]) -> dict[str, bytes]:
    """What those of these places that have been named are tagged by now: as an `ETag`, with its quotes."""
    return {place: tag(*rest) for place, *rest in await connection.fetch(TAGS, places)}


async def event_tags(connection: Connection, events: Sequence[int]) -> dict[int, bytes]:
    """What those of these events that exist are tagged by now."""
    return {event: tag(*rest) for event, *rest in await connection.fetch(EVENT_TAGS, events)}


async def remembered(connection: Connection, keys: Iterable[UUID]) -> dict[UUID, Remembered]:
    """Of these idempotency keys those that were used, and what is kept of them."""
    rows = await connection.fetch(REMEMBERED, list(keys))
    return {row["id"]: Remembered(row["body"], row["claim_id"], row["answer"]) for row in rows}


async def remember(connection: Connection, claim_id: UUID, key: Key, answer: bytes, now: datetime) -> bool:
    """Keep the answer to a request that has a key. False when the key was used elsewhere in the meantime."""
    return await connection.fetchval(REMEMBER, key.id, key.body, claim_id, answer, now) is not None


async def close(connection: Connection, place: str, now: datetime) -> None:
    """Let nothing more be reserved at a locked place, whose revision is raised in the same transaction."""
    await connection.execute(CLOSE, place, now)


async def forget_keys(connection: Connection, now: datetime, age: timedelta) -> bool:
    """Delete some of the keys older than `age`; true when there may be more."""
    done: str = await connection.execute(FORGET, now - age, KEYS_FORGOTTEN_AT_ONCE)
    return int(done.rpartition(" ")[2]) == KEYS_FORGOTTEN_AT_ONCE


@lru_cache(10_000)
def place_of(key: str) -> Place:
    """The place that a key stands for. Lists ask for the same again and again."""
    kind, _, place_id = key.partition(":")
    return Place(kind, place_id)


def event_place(event_id: int) -> Place:
    """The event as a place."""
    return Place(claims.EVENT, str(event_id))


def event_key(event_id: int) -> str:
    """The key of an event."""
    return f"{EVENT}{event_id}"


def event_id(key: str) -> int | None:
    """The id of the event that a key stands for; `None` for another place."""
    return int(key[len(EVENT) :]) if key.startswith(EVENT) else None


def event_of(place: Place) -> int:
    """The id of the event that a place is."""
    return int(place.id)


def apart(keys: Iterable[str]) -> tuple[list[str], list[int]]:
    """The keys of places, and the ids of events, each sorted: the order in which they are locked."""
    places: list[str] = []
    events: list[int] = []
    for key in keys:
        event = event_id(key)
        if event is None:
            places.append(key)
        else:
            events.append(event)
    return sorted(places), sorted(events)
