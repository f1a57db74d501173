"""All SQL of seeding. Bulk, by COPY, in one transaction; by the engine's rules for who writes by hand."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from holdfast.database.connections import Connection
from holdfast.engine import statements
from holdfast.outbox import queries as outbox
from holdfast.outbox.queries import Message
from holdfast.seeding.office import SeededBooking, SeededRoom, end

OVERLAPS = """
SELECT count(*) FROM (
    SELECT start_time < lag(end_time) OVER (PARTITION BY place ORDER BY start_time) AS is_given_twice
    FROM reservations WHERE place = ANY($1::text[]) AND cancelled_at IS NULL
) AS each WHERE is_given_twice
"""
RAISE = "UPDATE places SET revision = revision + 1 WHERE place = ANY($1::text[]) RETURNING place, revision"
IS_THERE = "SELECT EXISTS (SELECT FROM rooms WHERE id = ANY($1::uuid[]))"
ANALYZE = "ANALYZE places, reservations, slots, rooms, users"
DETAILS = msgspec.json.encode({"conference_link": None}).decode()


async def is_there(connection: Connection, rooms: Sequence[SeededRoom]) -> bool:
    """Whether the office was made before."""
    return bool(await connection.fetchval(IS_THERE, [room.id for room in rooms]))


async def add_users(connection: Connection, users: Iterable[tuple[UUID, str, str, str, datetime]]) -> None:
    """Add users: id, address, password hash, role, when."""
    await connection.copy_records_to_table(
        "users", records=users, columns=["id", "email", "password_hash", "role", "created_at"]
    )


async def add_rooms(connection: Connection, rooms: Sequence[SeededRoom], now: datetime) -> None:
    """Add rooms and schedules, and lock their places until the transaction ends."""
    await connection.copy_records_to_table(
        "rooms",
        records=[(room.id, room.name, room.capacity, now) for room in rooms],
        columns=["id", "name", "capacity", "created_at"],
    )
    await connection.copy_records_to_table(
        "schedules",
        records=[
            (each.id, room.id, list(each.days), each.start_minute, each.end_minute, now)
            for room in rooms
            for each in (room.schedule,)
        ],
        columns=["id", "room_id", "days_of_week", "start_minute", "end_minute", "created_at"],
    )  # fmt: skip
    await statements.ensure_places(connection, [room.place for room in rooms])
    await statements.lock(connection, [room.place.key for room in rooms])


async def add_bookings(connection: Connection, bookings: Sequence[SeededBooking]) -> None:
    """Add bookings, and their slots where these are not stored yet."""
    slots = {each.slot.id: (each.slot.id, each.slot.room_id, each.slot.start) for each in bookings}
    await connection.executemany(
        "INSERT INTO slots (id, room_id, start_time) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", slots.values()
    )
    await connection.copy_records_to_table(
        "reservations",
        records=[_row(each) for each in bookings],
        columns=[
            "id", "place", "room_id", "start_time", "end_time", "user_id", "created_at", "cancelled_at", "details",
        ],
    )  # fmt: skip


async def tell(connection: Connection, rooms: Sequence[SeededRoom], messages: Iterable[UUID], now: datetime) -> None:
    """Raise each room's revision, with the message that tells why."""
    raised = {
        row["place"]: row["revision"] for row in await connection.fetch(RAISE, [room.place.key for room in rooms])
    }
    await outbox.append(
        connection,
        [
            Message(room.place.key, raised[room.place.key], message_id, "room.seeded", now, {"room_id": room.id})
            for room, message_id in zip(rooms, messages, strict=True)
        ],
    )


async def given_twice(connection: Connection, rooms: Sequence[SeededRoom]) -> int:
    """How many reservations of these rooms begin before the one before them ends."""
    return int(await connection.fetchval(OVERLAPS, [room.place.key for room in rooms]))


async def analyze(connection: Connection) -> None:
    """Tell the planner what was added."""
    await connection.execute(ANALYZE)


def _row(each: SeededBooking) -> tuple[object, ...]:
    place, slot = each.room.place, each.slot
    times = slot.start, end(slot), each.user_id, each.created_at, each.cancelled_at
    return (each.id, place.key, place.id, *times, DETAILS)
