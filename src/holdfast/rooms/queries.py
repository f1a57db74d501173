"""The SQL of managed rooms: what hot calls read, many at once, and what is written under a place's lock."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine.claims import Interval, Place
from holdfast.engine.schema import ACTIVE_NOW, nearest
from holdfast.rooms.slots import Schedule, Slot, slot_id

ROOM = "room"
"""The kind of places that rooms are."""
SLOT_TYPE = "slot"
"""The type of a reservation that is a booking."""

ROOMS = """
SELECT r.id, r.name, r.description, r.capacity, r.created_at, r.retired_at,
    s.id AS schedule_id, s.days_of_week, s.start_minute, s.end_minute
FROM rooms r LEFT JOIN schedules s ON s.room_id = r.id WHERE r.id = ANY($1::uuid[])
"""

# What is demanded at a room whose id is the text `u.id`: see `engine/demands.py`.
FACTS = """
SELECT json_build_object('is_retired', r.retired_at IS NOT NULL, 'schedule', (
    SELECT json_build_object(
        'id', s.id, 'days', s.days_of_week, 'start_minute', s.start_minute, 'end_minute', s.end_minute
    ) FROM schedules s WHERE s.room_id = r.id LIMIT 1
))
FROM rooms r WHERE r.id = CASE WHEN u.id ~ '^[0-9a-f-]{36}$' THEN u.id::uuid END LIMIT 1
"""

INSERT_ROOM = """
INSERT INTO rooms (id, name, description, capacity, created_at) VALUES ($1, $2, $3, $4, $5)
"""

INSERT_SCHEDULE = """
INSERT INTO schedules (id, room_id, days_of_week, start_minute, end_minute, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""

RETIRE = "UPDATE rooms SET retired_at = $2 WHERE id = $1"

SLOTS = """
SELECT s.id, s.room_id, s.start_time, r.retired_at IS NOT NULL AS is_retired
FROM slots s JOIN rooms r ON r.id = s.room_id WHERE s.id = ANY($1::uuid[])
"""

# Sorted, so that two processes which store the same day never wait on each other.
STORE_SLOTS = """
INSERT INTO slots (id, room_id, start_time)
SELECT u.id, u.room_id, u.start_time
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS u (id, room_id, start_time)
ORDER BY u.id
ON CONFLICT DO NOTHING
"""

TAKEN = f"""
SELECT u.position, greatest(r.start_time, '0001-01-01') AS start_time, least(r.end_time, '9999-12-31') AS end_time
FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS u (place, midnight, position)
CROSS JOIN LATERAL (
    ({nearest("start_time, end_time", "u.place", "u.midnight")})
    UNION ALL
    SELECT start_time, end_time FROM reservations
    WHERE place = u.place AND {ACTIVE_NOW} AND start_time >= u.midnight
        AND start_time < u.midnight + interval '1 day'
) r
ORDER BY u.position, r.start_time
"""  # noqa: S608


class Room(Struct, frozen=True):
    """A managed room. All but `retired_at` and `schedule` stays as it was made; a schedule is made once."""

    id: UUID
    name: str
    description: str | None
    capacity: int | None
    created_at: datetime
    retired_at: datetime | None = None
    schedule: Schedule | None = None

    @property
    def place(self) -> Place:
        """The room as the engine knows it."""
        return place_of(self.id)


class Day(Struct, frozen=True):
    """A room's day, with the schedule that makes its slots."""

    room_id: UUID
    date: date
    schedule: Schedule


class SlotBooking(Struct, frozen=True):
    """A slot that somebody holds, or held until it was cancelled."""

    id: UUID
    room_id: UUID
    start: datetime
    user_id: UUID | None
    created_at: datetime
    is_cancelled: bool
    conference_link: str | None

    @property
    def slot_id(self) -> UUID:
        """The slot's id: made of room and start, so it is true wherever the booking was moved."""
        return slot_id(self.room_id, self.start)


def place_of(room_id: UUID) -> Place:
    """A managed room as the engine knows it."""
    return Place(ROOM, str(room_id))


async def rooms_by_id(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Room]:
    """Those of these rooms that there are."""
    return {row["id"]: room_of(row) for row in await connection.fetch(ROOMS, ids)}


async def insert_room(connection: Connection, room: Room) -> None:
    """Write a new room."""
    await connection.execute(INSERT_ROOM, room.id, room.name, room.description, room.capacity, room.created_at)


async def insert_schedule(connection: Connection, room_id: UUID, schedule: Schedule, now: datetime) -> None:
    """Write a room's schedule."""
    await connection.execute(
        INSERT_SCHEDULE,
        schedule.id,
        room_id,
        list(schedule.days),
        schedule.start_minute,
        schedule.end_minute,
        now,
    )


async def retire(connection: Connection, room_id: UUID, now: datetime) -> None:
    """Write that a room takes no new bookings."""
    await connection.execute(RETIRE, room_id, now)


class Offer(Struct, frozen=True):
    """A slot, and whether its room takes no new bookings."""

    slot: Slot
    is_retired: bool


async def offers(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Offer]:
    """Those of these slots that were ever made, with the state of their rooms."""
    rows = await connection.fetch(SLOTS, ids)
    return {row["id"]: Offer(Slot(row["id"], row["room_id"], row["start_time"]), row["is_retired"]) for row in rows}


async def store_slots(connection: Connection, slots: Sequence[Slot]) -> None:
    """Keep slots, those that are kept already excepted."""
    await connection.execute(
        STORE_SLOTS,
        [slot.id for slot in slots],
        [slot.room_id for slot in slots],
        [slot.start for slot in slots],
    )


async def taken(connection: Connection, days: Sequence[Day]) -> dict[Day, list[Interval]]:
    """For each day what is taken of it, in order of time; what reaches in from the day before, too."""
    found: dict[Day, list[Interval]] = {day: [] for day in days}
    places = [place_of(day.room_id).key for day in days]
    midnights = [datetime.combine(day.date, time(), UTC) for day in days]
    for row in await connection.fetch(TAKEN, places, midnights):
        found[days[row["position"] - 1]].append(Interval(row["start_time"], row["end_time"]))
    return found


def room_of(row: Any) -> Room:
    """A room's columns and, if asked for, when it was retired and its schedule's. Raises `readable.UNREADABLE`."""
    room_id, name, description, capacity, created_at, *more = row
    retired_at, schedule_id, days, start, end = more or [None] * 5
    # The driver tells infinity by a time without a zone.
    if created_at.tzinfo is None:
        raise ValueError
    schedule = None
    if schedule_id is not None:
        schedule = Schedule(schedule_id, tuple(days), start, end)
        if None in schedule.days:
            raise ValueError
    return Room(room_id, name, description, capacity, created_at, retired_at, schedule)
