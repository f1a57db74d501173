"""What must be true of the tables themselves, and of what no row of theirs may hold."""

from holdfast.database import migrate
from holdfast.database.connections import Connection
from holdfast.upkeep import catalog, sequences
from holdfast.upkeep.broken import Invariant
from holdfast.upkeep.unreadable import UNREADABLE

VERSIONS = "SELECT version_num FROM alembic_version ORDER BY version_num"
TABLE = "SELECT to_regclass('alembic_version') IS NOT NULL"


async def wrong_version(connection: Connection) -> list[str]:
    """Whether the tables are said to be at another revision than the one that this version makes."""
    if not await connection.fetchval(TABLE):
        return ["there is no table alembic_version"]
    found = [row[0] for row in await connection.fetch(VERSIONS)]
    needed = migrate.head()
    if found == [needed]:
        return []
    if len(found) != 1:
        return [f"alembic_version has {len(found)} rows, and should have one, {needed}"]
    return [f"the tables are said to be at revision {found[0]}; this version is at {needed}"]


async def wrong_structure(connection: Connection) -> list[str]:
    """Whatever is made otherwise than migrations make it."""
    return catalog.differences(catalog.expected(), await catalog.there(connection))


VERSION = Invariant(
    "The tables are at the revision of this version",
    wrong_version,
    "`holdfast migrate` brings older tables up to date; a newer version may have been here; if neither, restore the "
    "row from a backup",
)
INVARIANTS = (
    VERSION,
    Invariant(
        "Every table, index, constraint and function is as migrations make it",
        wrong_structure,
        "Make it anew as it should be: the migrations in the source say how; an index with CREATE INDEX CONCURRENTLY, "
        "or REINDEX",
    ),
    Invariant(
        "Every id that is to come is a new one",
        sequences.broken,
        "`holdfast repair` moves the sequence on: until then ids are given twice",
    ),
    Invariant(
        "Every row can be read",
        UNREADABLE,
        "Somebody wrote past the engine. Lists leave the row out, and nobody else is refused because of it: mend it by "
        "hand, or compare with a backup",
    ),
)
