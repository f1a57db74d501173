"""Time as the engine sees it, moved in a test's own database."""

import asyncpg

MOVED = """
CREATE OR REPLACE FUNCTION engine_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS
'SELECT clock_timestamp() + interval ''{} seconds'''
"""


async def move_time(connection: "asyncpg.Connection", seconds: float) -> None:
    """Have the database say that it is so much later than it is, until it is moved again."""
    await connection.execute(MOVED.format(seconds))
