"""Puts the office into the database, once."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import uuid4

import asyncpg
import bcrypt

from holdfast.database.connections import Connection
from holdfast.seeding import office, queries

T = TypeVar("T")
AT_ONCE = 5_000
Progress = Callable[[str, int, int], None]
"""Is told what is being written, how much of it there is, and how much more was written."""


async def seed(url: str, now: datetime, password_cost: int, progress: Progress) -> bool:
    """Write everything in one transaction; false when it is there already.

    Raises `asyncpg.PostgresError`, `OSError` when the database does not take it: then nothing was written.
    """
    connection = await asyncpg.connect(url)
    try:
        rooms = office.rooms()
        if await queries.is_there(connection, rooms):
            return False
        async with connection.transaction():
            await _write(connection, now, password_cost, progress)
        await queries.analyze(connection)
        return True
    finally:
        await connection.close()


async def _write(connection: Connection, now: datetime, password_cost: int, progress: Progress) -> None:
    rooms = office.rooms()
    await queries.add_rooms(connection, rooms, now)
    progress("rooms", len(rooms), len(rooms))
    hashed = bcrypt.hashpw(office.PASSWORD.encode(), bcrypt.gensalt(password_cost)).decode()
    people = [(office.person(number), office.email(number), hashed, "user", now) for number in _people()]
    for some in _parts(people, AT_ONCE):
        await queries.add_users(connection, some)
        progress("users", len(people), len(some))
    for part in _parts(office.bookings(now.date()), AT_ONCE):
        await queries.add_bookings(connection, part)
        progress("bookings", office.BOOKINGS, len(part))
    await queries.tell(connection, rooms, [uuid4() for _ in rooms], now)
    assert await queries.given_twice(connection, rooms) == 0, "the office gives a slot twice"


def _parts(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """As `itertools.batched`, which comes with Python 3.12."""
    rest = iter(things)
    while part := list(islice(rest, size)):
        yield part


def _people() -> range:
    return range(1, office.PEOPLE + 1)
