"""All SQL of the board."""

from sqlalchemy import Text, cast, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.database import readable
from holdfast.engine.schema import places
from holdfast.rooms.queries import ROOM, Room, room_of
from holdfast.rooms.schema import rooms, schedules


async def managed_rooms(connection: AsyncConnection) -> list[Room]:
    """Every managed room that is not retired, with its schedule, in the order in which they were made."""
    query = (
        select(
            rooms.c.id, rooms.c.name, rooms.c.description, rooms.c.capacity, rooms.c.created_at, rooms.c.retired_at,
            schedules.c.id, schedules.c.days_of_week, schedules.c.start_minute, schedules.c.end_minute,
        )
        .select_from(rooms.outerjoin(schedules, schedules.c.room_id == rooms.c.id))
        .where(rooms.c.retired_at.is_(None))
        .order_by(rooms.c.created_at, rooms.c.id)
    )  # fmt: skip
    return await readable.read(readable.Selected(connection, query, rooms.c.id), room_of)


async def named_rooms(connection: AsyncConnection, *, limit: int) -> list[str]:
    """Ids of rooms that were only ever named, by id; at most `limit`."""
    is_managed = exists().where(cast(rooms.c.id, Text) == places.c.id)
    query = select(places.c.id).where(places.c.kind == ROOM, ~is_managed)
    return list((await connection.execute(query.order_by(places.c.place).limit(limit))).scalars())
