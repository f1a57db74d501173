"""All SQL of tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine.claims import Interval, Place
from holdfast.engine.schema import nearest

TABLE = "table"
"""The kind of places that tables are, and the type of their reservations."""

TABLES = f"""
SELECT t.id, t.name, t.seats, t.location FROM tables t
WHERE t.id > $4 AND t.seats >= $1 AND ($2::timestamptz IS NULL OR NOT EXISTS (
    SELECT FROM (
        {nearest("end_time", f"'{TABLE}:' || t.id", "$3::timestamptz")}
    ) nearest WHERE nearest.end_time > $2::timestamptz
))
ORDER BY t.id LIMIT $5
"""  # noqa: S608

BY_ID = "SELECT id, name, seats, location FROM tables WHERE id = ANY($1::bigint[])"

# What is demanded at a table whose id is the text `u.id`: see `engine/demands.py`.
FACTS = "SELECT json_build_object('seats', t.seats) FROM tables t WHERE t.id = u.id::bigint LIMIT 1"

NEW_ID = "SELECT nextval('tables_id_seq')"

INSERT = "INSERT INTO tables (id, name, seats, location, created_at) VALUES ($1, $2, $3, $4, $5)"

DELETE = "DELETE FROM tables WHERE id = $1"

# The active reservation that begins last also ends last.
LAST_END = nearest("end_time", "$1", "'infinity'")


class Table(Struct, frozen=True):
    """A table, and where it stands."""

    id: int
    name: str
    seats: int
    location: str

    @property
    def place(self) -> Place:
        """The table as a place."""
        return place_of(self.id)


def place_of(table_id: int) -> Place:
    """The table with this id as a place."""
    return Place(TABLE, str(table_id))


class TableFilter(Struct, frozen=True):
    """Which tables a list is narrowed to: those with so many seats, and with an evening, only those free then."""

    seats_min: int = 1
    evening: Interval | None = None


async def tables_after(connection: Connection, wanted: TableFilter, after: int, limit: int) -> list[Table]:
    """Tables by id, those after the id `after`; at most `limit`."""
    start, end = wanted.evening or (None, None)
    return [Table(*row.values()) for row in await connection.fetch(TABLES, wanted.seats_min, start, end, after, limit)]


async def tables_by_id(connection: Connection, ids: Sequence[int]) -> Mapping[int, Table]:
    """Of these tables those that there are."""
    return {row["id"]: Table(*row.values()) for row in await connection.fetch(BY_ID, list(ids))}


async def new_id(connection: Connection) -> int:
    """An id for a table to come. One that is not used is never given to another."""
    table_id: int = await connection.fetchval(NEW_ID)
    return table_id


async def insert_table(connection: Connection, table: Table, now: datetime) -> None:
    """Make a table."""
    await connection.execute(INSERT, table.id, table.name, table.seats, table.location, now)


async def delete_table(connection: Connection, table_id: int) -> None:
    """Delete a table whose place is locked."""
    await connection.execute(DELETE, table_id)


async def is_reserved_after(connection: Connection, place: Place, moment: datetime) -> bool:
    """Whether some reservation of a table has not ended at a moment."""
    last: datetime | None = await connection.fetchval(LAST_END, place.key)
    return last is not None and last > moment
