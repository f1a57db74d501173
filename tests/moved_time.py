"""Time as the engine sees it, which is the database's, moved in a test's own database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

MOVED = """
CREATE OR REPLACE FUNCTION engine_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS
'SELECT clock_timestamp(){}'
"""


async def move_time(connection: "asyncpg.Connection", seconds: float) -> None:
    """Have the database say that it is so much later than it is, until it is moved again."""
    await connection.execute(MOVED.format(f" + interval ''{seconds} seconds''" if seconds else ""))


@asynccontextmanager
async def later(connection: "asyncpg.Connection", seconds: float) -> AsyncIterator[None]:
    """So many seconds later, inside of the block."""
    await move_time(connection, seconds)
    try:
        yield
    finally:
        await move_time(connection, 0)
