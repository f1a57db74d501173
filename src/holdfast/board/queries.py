"""All SQL of the board."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Text, cast, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.accounts.schema import users
from holdfast.database import readable
from holdfast.engine.schema import bookings, events, places
from holdfast.events.queries import EVENT, Event
from holdfast.rooms.queries import ROOM, Room, room_of
from holdfast.rooms.schema import rooms, schedules
from holdfast.tables.queries import Table
from holdfast.tables.schema import tables

USERS_FOUND_MAX = 1_000
"""How many people a search for a part of their address finds at most."""


class Attendee(NamedTuple):
    """Somebody who has a seat: `user_id` is a user's id, or whatever else they were called."""

    booking_id: int
    user_id: str
    created_at: datetime


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


async def all_tables(connection: AsyncConnection) -> list[Table]:
    """The restaurant's tables, by id."""
    query = select(tables.c.id, tables.c.name, tables.c.seats, tables.c.location).order_by(tables.c.id)
    return [Table(*row) for row in await connection.execute(query)]


async def events_called(connection: AsyncConnection, search: str, *, before: int | None, limit: int) -> list[Event]:
    """Events with these letters in their name, the newest first; those older than `before`; at most `limit`."""
    query = select(*EVENT).order_by(events.c.id.desc()).limit(limit)
    if search:
        query = query.where(events.c.name.icontains(search, autoescape=True))
    if before is not None:
        query = query.where(events.c.id < before)
    return [Event(*row) for row in await connection.execute(query)]


async def seats_of(connection: AsyncConnection, user_id: str, event_ids: Sequence[int]) -> Mapping[int, int]:
    """Somebody's bookings at these events, by event."""
    query = select(bookings.c.event_id, bookings.c.id)
    query = query.where(bookings.c.event_id.in_(event_ids), bookings.c.user_id == user_id)
    return {row.event_id: row.id for row in await connection.execute(query)}


async def users_called(connection: AsyncConnection, search: str) -> list[str]:
    """Ids of people with these letters in their address."""
    query = select(users.c.id).where(users.c.email.icontains(search, autoescape=True)).limit(USERS_FOUND_MAX)
    return [str(user_id) for user_id in (await connection.execute(query)).scalars()]


async def attendees(
    connection: AsyncConnection, event_id: int, search: str, *, after: str | None, limit: int
) -> list[Attendee]:
    """Who has a seat at an event, by `user_id`; those after `after`; at most `limit`.

    With a search, those who have its letters in their address or in what they are called.
    """
    person = bookings.c.user_id
    query = select(bookings.c.id, person, bookings.c.created_at).where(bookings.c.event_id == event_id)
    if search:
        # Bytes have no upper and lower case beyond ASCII: the database's own language has.
        is_called = func.lower(person.collate("default")).contains(search.lower(), autoescape=True)
        query = query.where(is_called | person.in_(await users_called(connection, search)))
    if after is not None:
        query = query.where(person > after)
    query = query.order_by(person).limit(limit)
    return await readable.read(readable.Selected(connection, query, bookings.c.id), _attendee)


def _attendee(row: Row[*tuple[Any, ...]]) -> Attendee:
    # The driver tells infinity by a time without a zone.
    if row[2].tzinfo is None:
        raise ValueError
    return Attendee(*row)
