"""The run's own PostgreSQL: started, made ready, its commits durable, and searched for broken promises."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg

from holdfast.database import embedded, migrate
from slots import FIRST, LISTED, LOAD_SECONDS, TAKEN, TAKEN_HOURS, Slots

T = TypeVar("T")
DURABLE = {"synchronous_commit": "on", "fsync": "on", "full_page_writes": "on"}
TOLD = (*DURABLE, "server_version", "shared_buffers", "max_wal_size", "wal_sync_method", "max_connections")

PLACE = "INSERT INTO places (place, kind, id, revision) VALUES ('room:' || $1, 'room', $1, 1)"
FILL = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at)
SELECT gen_random_uuid(), 'room:' || $1, $1, to_timestamp($2 + n * $3::float8), to_timestamp($2 + (n + 1) * $3::float8),
       now()
FROM generate_series(0, $4 - 1) AS n
"""
# In each room in order of start, with the greatest end so far: whatever overlaps anything begins before that.
OVERLAPS = """
SELECT count(*) FROM (
    SELECT start_time, end_time, max(end_time) OVER (
        PARTITION BY place ORDER BY start_time, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
    FROM reservations WHERE cancelled_at IS NULL
) held
WHERE start_time < before OR end_time <= start_time
"""
BY_SPAN = f"""
SELECT floor((extract(epoch FROM start_time) - {FIRST}) / {LOAD_SECONDS})::int AS span, count(*) AS held
FROM reservations
WHERE cancelled_at IS NULL AND starts_with(place, 'room:' || $1) AND start_time >= to_timestamp({FIRST})
GROUP BY span
"""


@contextmanager
def running() -> Iterator[str]:
    """The address of a new PostgreSQL with the service's tables; it and its data are gone afterwards.

    Raises `RuntimeError` when it does not make every commit durable.
    """
    with tempfile.TemporaryDirectory(prefix="hf-bench-", ignore_cleanup_errors=True) as directory:  # noqa: SIM117
        with embedded.running(Path(directory)) as url:
            asyncio.run(migrate.upgrade(url))
            ask(url, require_durable)
            yield url


def ask(url: str, question: Callable[["asyncpg.Connection"], Awaitable[T]]) -> T:
    """Call with a connection of its own, and wait for the result."""

    async def answer() -> T:
        connection = await asyncpg.connect(url)
        try:
            return await question(connection)
        finally:
            await connection.close()

    return asyncio.run(answer())


async def require_durable(connection: "asyncpg.Connection") -> None:
    """Insist that a commit is on the disk before it is answered."""
    found = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in DURABLE}
    if found != DURABLE:
        raise RuntimeError(f"numbers without durable commits mean nothing: {found}")


async def settings(connection: "asyncpg.Connection") -> dict[str, str]:
    """What this PostgreSQL runs with."""
    return {name: await connection.fetchval("SELECT current_setting($1)", name) for name in TOLD}


async def checkpoint(connection: "asyncpg.Connection") -> None:
    """Write everything out, so that no row of the table pays for the one before."""
    await connection.execute("CHECKPOINT")


async def fill(connection: "asyncpg.Connection", room: str, *, first: int, seconds: int, count: int) -> None:
    """Give a room so many reservations, one right after the other, each of so many seconds."""
    await connection.execute(PLACE, room)
    await connection.execute(FILL, room, float(first), float(seconds), count)


async def take_hours(connection: "asyncpg.Connection", slots: Slots) -> None:
    """Take the hours that the load of conflicts asks for."""
    await fill(connection, f"{slots.rooms('taken')}-0001", first=TAKEN, seconds=3600, count=TAKEN_HOURS)


async def fill_list(connection: "asyncpg.Connection", room: str, count: int) -> None:
    """Give a room the reservations that are to be listed."""
    await fill(connection, room, first=LISTED, seconds=300, count=count)
    await connection.execute("VACUUM ANALYZE reservations")


async def held_by_span(connection: "asyncpg.Connection", slots: Slots) -> dict[int, int]:
    """How many active reservations each load of this run has left in the table."""
    return {row["span"]: row["held"] for row in await connection.fetch(BY_SPAN, slots.rooms(""))}


async def count_overlaps(connection: "asyncpg.Connection") -> int:
    """How many active reservations overlap an earlier one; the promise is none."""
    await connection.execute("SET work_mem = '256MB'")
    overlaps: int = await connection.fetchval(OVERLAPS)
    return overlaps
