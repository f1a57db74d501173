"""Messages for tests of the outbox: written as the engine writes them, under their place's lock."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from holdfast.database.connections import Database
from holdfast.outbox.journal import Journal, Lease
from holdfast.outbox.messages import Entry
from holdfast.settings import Settings

PLACE = "INSERT INTO places (place, kind, id) VALUES ($1, 'room', $2) ON CONFLICT DO NOTHING"
RAISE = "UPDATE places SET revision = revision + 1 WHERE place = $1 RETURNING revision"
WRITE = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
VALUES ($1, $2, $3, $4, clock_timestamp(), jsonb_build_object('id', $3::uuid, 'room_id', $5::text))
"""
EXPIRE = "UPDATE relays SET expires_at = 'epoch'"


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[Database]:
    """A way into the database, as a process has it, inside of the block."""
    database = Database(url, Settings(**settings))
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def change(connection: "asyncpg.Connection", room: str, kind: str = "reservation.created") -> UUID:
    """Change a room: raise its revision and write the message, in one transaction. The message's id."""
    message_id = uuid4()
    async with connection.transaction():
        await connection.execute(PLACE, f"room:{room}", room)
        revision = await connection.fetchval(RAISE, f"room:{room}")
        await connection.execute(WRITE, f"room:{room}", revision, message_id, kind, room)
    return message_id


async def leading(journal: Journal, name: str = "test") -> Lease:
    """The lease, whoever had it: they are taken for dead."""
    async with journal._database.journal.acquire() as connection:
        await connection.execute(EXPIRE)
    lease = await journal.take(name)
    assert lease is not None
    return lease


async def numbered(lease: Lease) -> int:
    """Give all waiting messages their positions; how many that were."""
    total = 0
    while count := await lease.number():
        total += count
    return total


def ids(entries: list[Entry]) -> list[UUID]:
    """The ids of messages, in order."""
    return [UUID(json.loads(entry.body)["id"]) for entry in entries]
