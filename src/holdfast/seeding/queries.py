"""All SQL of seeding, beside what managed rooms and the engine write themselves."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from holdfast.database.connections import Connection
from holdfast.engine.claims import Interval, Place, State
from holdfast.engine.schema import TAKES
from holdfast.rooms.queries import SLOT_TYPE
from holdfast.seeding.plan import Person, Sown

ROOMS_THERE = "SELECT id FROM rooms WHERE id = ANY($1::uuid[])"

USERS_THERE = "SELECT id FROM users WHERE id = ANY($1::uuid[]) ORDER BY email"

# Sorted, so that two who seed at once never wait on each other.
ADD_USERS = """
INSERT INTO users (id, email, password_hash, role, created_at)
SELECT u.id, u.email, $4, 'user', u.created_at
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS u (id, email, created_at)
ORDER BY u.id
ON CONFLICT DO NOTHING
"""

TAKEN = f"""
SELECT start_time, end_time FROM reservations WHERE place = $1 AND {TAKES} ORDER BY start_time
"""  # noqa: S608

# In order of their starts, two that overlap anywhere mean that two neighbours do.
OVERLAPS = f"""
SELECT count(*) FROM (
    SELECT start_time, lag(end_time) OVER (PARTITION BY place ORDER BY start_time) AS end_before
    FROM reservations WHERE place = ANY($1::text[]) AND {TAKES}
) r WHERE start_time < end_before
"""  # noqa: S608

ANALYSE = "ANALYZE users, rooms, schedules, slots, places, reservations, outbox"

COLUMNS = (
    "id", "place", "room_id", "start_time", "end_time", "user_id", "created_at", "cancelled_at", "details", "type",
    "state",
)  # fmt: skip


async def rooms_there(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of these rooms that there are."""
    return {row["id"] for row in await connection.fetch(ROOMS_THERE, ids)}


async def users_there(connection: Connection, ids: Collection[UUID]) -> list[UUID]:
    """Those of these users that there are."""
    return [row["id"] for row in await connection.fetch(USERS_THERE, ids)]


async def add_users(connection: Connection, people: Sequence[Person], password_hash: str) -> int:
    """Add those who are not there and whose address nobody has; how many that were."""
    done: str = await connection.execute(
        ADD_USERS,
        [each.id for each in people],
        [each.email for each in people],
        [each.created_at for each in people],
        password_hash,
    )
    return int(done.rpartition(" ")[2])


async def taken(connection: Connection, place: Place) -> list[Interval]:
    """What is taken of a place, in order of time."""
    return [Interval(row["start_time"], row["end_time"]) for row in await connection.fetch(TAKEN, place.key)]


async def add_bookings(connection: Connection, place: Place, bookings: Sequence[Sown]) -> None:
    """Write the bookings of a place that the caller has locked."""
    await connection.copy_records_to_table(
        "reservations",
        columns=COLUMNS,
        records=[
            (
                each.id,
                place.key,
                place.id,
                each.slot.start,
                each.slot.end,
                each.user_id,
                each.created_at,
                each.cancelled_at,
                msgspec.json.encode({"conference_link": each.conference_link}).decode(),
                SLOT_TYPE,
                (State.CONFIRMED if each.cancelled_at is None else State.CANCELLED).value,
            )
            for each in bookings
        ],
    )


async def count_overlaps(connection: Connection, places: Sequence[str]) -> int:
    """How often an active reservation of these places begins before the one before it has ended."""
    return int(await connection.fetchval(OVERLAPS, places))


async def analyse(connection: Connection) -> None:
    """Let the planner know how much there is now."""
    await connection.execute(ANALYSE)
