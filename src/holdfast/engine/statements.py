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
from holdfast.engine.claims import Interval, Key, Kind, Place, Reservation

ENSURE = """
INSERT INTO places (place, kind, id)
SELECT u.place, u.kind, u.id FROM unnest($1::text[], $2::text[], $3::text[]) AS u (place, kind, id) ORDER BY u.place
ON CONFLICT (place) DO NOTHING
"""

# Sorted, so two batches can never wait on each other.
LOCK = "SELECT FROM places WHERE place = ANY($1::text[]) ORDER BY place FOR UPDATE"

REVISIONS = "SELECT place, revision FROM places WHERE place = ANY($1::text[])"

# A revision, and what tells it from the same number in another life of the database: the transaction that wrote the
# row, which differs in whatever was restored, and when the server was started, which differs after a failover. Neither
# costs a look at anything else.
TAGS = """
SELECT place, revision, xmin, (SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint)
FROM places WHERE place = ANY($1::text[])
"""

# One descent of the index a claim, however long the place's history: see `calendar.py` for why one row is enough. What
# somebody typed that never ends, or ends after all years that can be read, is in the way as far as anybody can ask.
LOOK = """
SELECT u.position, q.revision, q.closed_at IS NOT NULL AS is_closed, r.start_time, r.end_time
FROM ROWS FROM (json_to_recordset($1::json) AS (place text, claim_end timestamptz)) WITH ORDINALITY
    AS u (place, claim_end, position)
JOIN places q ON q.place = u.place AND q.place = ANY($2::text[])
LEFT JOIN LATERAL (
    SELECT greatest(n.start_time, '0001-01-01') AS start_time, least(n.end_time, '9999-12-31') AS end_time
    FROM reservations n
    WHERE place = u.place AND place = ANY($2::text[]) AND n.start_time < u.claim_end AND cancelled_at IS NULL
    ORDER BY n.start_time DESC LIMIT 1
) r ON true
"""

# The same, as it will be when some reservations have left.
LOOK_PAST = LOOK.replace("cancelled_at IS NULL", "cancelled_at IS NULL AND id <> ALL($3::uuid[])")

# Places first, so that one without such a reservation tells its revision too. Cancelled ones as well, for on a table
# without statistics the planner would take the index of active ones, and read all of a place's.
HELD = """
SELECT q.place, q.revision, r.id, r.start_time, r.end_time, r.user_id, r.created_at, r.details, r.cancelled_at
FROM places q
LEFT JOIN reservations r ON r.place = q.place AND r.place = ANY($1::text[]) AND r.id = ANY($2::uuid[])
WHERE q.place = ANY($1::text[])
"""

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

MESSAGE_THERE = "SELECT EXISTS (SELECT FROM outbox WHERE place = $1 AND revision = $2 AND id = $3)"
# With its answer: a write of the same claim that came late may have remembered another one.
KEY_THERE = "SELECT EXISTS (SELECT FROM idempotency_keys WHERE id = $1 AND claim_id = $2 AND answer = $3)"

KEYS_FORGOTTEN_AT_ONCE = 1_000


class Wish(Struct):
    """A place, and when a claim there ends."""

    place: str
    claim_end: datetime


class Look(NamedTuple):
    """The places' revisions, the nearest reservation of each wish, and the places where nothing may be reserved."""

    revisions: dict[str, int]
    nearest: list[Interval | None]
    closed: set[str]


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


def tag(revision: int, written_by: int, started_at: int) -> bytes:
    """An `ETag`: opaque to clients, and the same in every process."""
    return b'"%d-%x-%x"' % (revision, written_by, started_at)


async def tags(connection: Connection, places: Sequence[str]) -> dict[str, bytes]:
    """What those of these places that have been named are tagged by now: as an `ETag`, with its quotes."""
    rows = await connection.fetch(TAGS, places)
    return {place: tag(revision, written_by, started_at) for place, revision, written_by, started_at in rows}


async def look(
    connection: Connection, places: Sequence[str], wanted: Sequence[Wish], leaving: Sequence[UUID] = ()
) -> Look:
    """What there is where something is wanted, as it is committed.

    `places` are those of the wishes, each once: the list is prepared anew for each probe, so one of a whole batch would
    cost its square. A place that has no row has no revision either. The reservations in `leaving` count as gone.
    """
    found = Look({}, [None] * len(wanted), set())
    # As JSON, which costs us a third of what arrays do: those are looked at value by value.
    wishes = msgspec.json.encode(wanted).decode()
    if leaving:
        rows = await connection.fetch(LOOK_PAST, wishes, places, leaving)
    else:
        rows = await connection.fetch(LOOK, wishes, places)
    for position, revision, is_closed, start, end in rows:
        place = wanted[position - 1].place
        found.revisions[place] = revision
        if is_closed:
            found.closed.add(place)
        if start is not None:
            found.nearest[position - 1] = Interval(start, end)
    return found


async def held(
    connection: Connection, places: Sequence[str], ids: Sequence[UUID]
) -> tuple[dict[str, int], dict[UUID, Reservation]]:
    """The places' revisions, and by id those of the reservations that are active there."""
    rows = await connection.fetch(HELD, places, ids)
    revisions = {row["place"]: row["revision"] for row in rows}
    active = (row for row in rows if row["id"] is not None and row["cancelled_at"] is None)
    return revisions, {row["id"]: _reservation(row) for row in active}


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
