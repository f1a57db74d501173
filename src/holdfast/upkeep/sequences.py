"""Sequences that give ids, and ids that they must not give again."""

from typing import NamedTuple

from holdfast.database.connections import Connection, alone, transaction

# Of bookings that were cancelled the log knows the ids, of tables that were deleted their closed places do.
HIGHEST = {
    "events_id_seq": "SELECT greatest((SELECT max(id) FROM events), (SELECT max(event_id) FROM seat_changes))",
    "bookings_id_seq": "SELECT greatest((SELECT max(id) FROM bookings), (SELECT max(booking_id) FROM seat_changes))",
    "tables_id_seq": """
        SELECT greatest((SELECT max(id) FROM tables), (
            SELECT max(id::bigint) FROM places WHERE kind = 'table' AND closed_at IS NOT NULL AND id ~ '^[0-9]{1,18}$'
        ))
    """,
}
STATE = "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}"
# Nobody may draw an id, or write one, between the look and the change.
LOCK = "LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"
SET = "SELECT setval($1::regclass, $2)"


class Moved(NamedTuple):
    """A sequence that was behind, and where it was."""

    name: str
    before: int
    after: int

    @property
    def words(self) -> str:
        """One line for the person at the terminal."""
        return f"sequence {self.name}: {self.before} became {self.after}"


async def behind(connection: Connection) -> list[Moved]:
    """The sequences that would give an id again."""
    found = []
    for name, query in HIGHEST.items():
        # First the ids, then the sequence, which never goes back: bookings are made meanwhile.
        highest = await connection.fetchval(query)
        last = await connection.fetchval(STATE.format(sequence=name))
        if highest is not None and highest > last:
            found.append(Moved(name, last, highest))
    return found


async def broken(connection: Connection) -> list[str]:
    """A line for each of them."""
    return [
        f"sequence {each.name} has given {each.before}, and there is an id {each.after}"
        for each in await behind(connection)
    ]


async def repair(url: str) -> list[Moved]:
    """Move each sequence that is behind to the highest id there is; those that are not are left alone."""
    async with alone(url) as connection:
        if not await behind(connection):
            return []
        async with transaction(connection):
            for table in ("events", "bookings", "tables"):
                await connection.execute(LOCK.format(table=table))
            moved = await behind(connection)
            for each in moved:
                await connection.execute(SET, each.name, each.after)
        return moved
