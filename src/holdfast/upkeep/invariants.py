"""What must be true of the whole database, and the looking for where it is not. Reads only.

The engine never writes what breaks one of these. They are looked for all the same: people type into psql, disks fail,
backups are put together from parts, and a promise that nobody checks is a hope.
"""

from collections.abc import Callable

import asyncpg

from holdfast.database.connections import Connection, words
from holdfast.upkeep import of_accounts, of_events, of_messages, of_places, of_rooms, of_structure
from holdfast.upkeep.broken import FOUND_MAX, Broken, Invariant, lines

__all__ = ["FOUND_MAX", "INVARIANTS", "SHOWN_MAX", "Broken", "Invariant", "broken"]
SHOWN_MAX = 20
INVARIANTS = (
    *of_structure.INVARIANTS,
    *of_places.INVARIANTS,
    *of_rooms.INVARIANTS,
    *of_events.INVARIANTS,
    *of_messages.INVARIANTS,
    *of_accounts.INVARIANTS,
)
# As texts are written in the lines, and as catalogues are told, whatever the role's settings are.
SESSION = """
SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true),
    set_config('quote_all_identifiers', 'off', true), set_config('intervalstyle', 'postgres', true)
"""


async def broken(connection: Connection, tell: Callable[[Invariant], None]) -> list[Broken]:
    """Look for everything in one moment's picture of the database, while the service goes on.

    `tell` is called before each, for the person who waits. What cannot be looked for, because a table or a column is
    missing, counts as not so.
    """
    found = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(SESSION)
        for invariant in INVARIANTS:
            tell(invariant)
            try:
                async with connection.transaction():
                    told = await lines(connection, invariant)
            except asyncpg.PostgresConnectionError:
                raise
            except asyncpg.PostgresError as error:
                told = [f"cannot be looked for: {words(error)}"]
            if told:
                found.append(Broken(invariant, told))
    return found
