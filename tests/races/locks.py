"""Waiting for what other processes do, and rows that a test holds locked to make them wait."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@asynccontextmanager
async def room_locked(url: str, room: str) -> AsyncIterator["asyncpg.Connection"]:
    """Holds the row that a room's claims lock, as a stuck peer would; a room that was never named gets its row."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO places (place, kind, id) VALUES ($1, 'room', $2) ON CONFLICT DO NOTHING", f"room:{room}", room
        )
        async with connection.transaction():
            await connection.execute("SELECT FROM places WHERE place = $1 FOR UPDATE", f"room:{room}")
            yield connection
    finally:
        await connection.close()


async def somebody_waits(connection: "asyncpg.Connection", seconds_max: float = 60.0, *, sessions: int = 1) -> None:
    """Returns when so many sessions of this database wait for locks."""
    deadline = time.monotonic() + seconds_max
    while await connection.fetchval(WAITING) < sessions:
        # Within a transaction the view stays as it was first seen.
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        assert time.monotonic() < deadline, "nobody waits for a lock"
        await asyncio.sleep(0.01)


async def until(holds: Callable[[], bool], seconds_max: float = 60.0) -> None:
    """Returns when something has come true."""
    deadline = time.monotonic() + seconds_max
    while not holds():
        assert time.monotonic() < deadline, "it does not come true"
        await asyncio.sleep(0.02)
