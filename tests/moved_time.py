"""The engine's time, which is the database's, as a test moves it in a database of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

REPLACE = """
CREATE OR REPLACE FUNCTION engine_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS
'SELECT clock_timestamp(){}'
"""


async def move(connection: "asyncpg.Connection", seconds: float) -> None:
    """Have the engine's time be so far ahead of the clock, in every process, from the next statement on."""
    await connection.execute(REPLACE.format(f" + interval ''{seconds} seconds''" if seconds else ""))


@asynccontextmanager
async def later(connection: "asyncpg.Connection", seconds: float) -> AsyncIterator[None]:
    """So many seconds from now, inside of the block."""
    await move(connection, seconds)
    try:
        yield
    finally:
        await move(connection, 0)
