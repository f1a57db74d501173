"""The use cases of tables: make, delete, find those that are free."""

import msgspec

from holdfast.clock import Clock
from holdfast.database.connections import Connection, Database, translated
from holdfast.engine import statements
from holdfast.engine.claims import Edit, Edited, Key, Made
from holdfast.engine.committer import Committer
from holdfast.errors import TableHasReservations, TableNotFound
from holdfast.tables import queries
from holdfast.tables.bodies import NewTable, TableBody
from holdfast.tables.queries import Table, TableFilter, place_of


class Tables:
    """The tables of this installation. Made once in each process."""

    def __init__(self, database: Database, committer: Committer, clock: Clock) -> None:
        self._database = database
        self._committer = committer
        self._clock = clock

    async def page(self, wanted: TableFilter, after: int, limit: int) -> list[Table]:
        """Tables by id, those after the id `after`; at most `limit`, and one more to tell whether there are more."""
        with translated():
            async with self._database.engine_connection() as connection:
                return await queries.tables_after(connection, wanted, after, limit + 1)

    async def create(self, data: NewTable, key: Key | None) -> Made:
        """Make a table. Raises `IdempotencyKeyReused`."""
        now = self._clock()
        with translated():
            async with self._database.engine_connection() as connection:
                table = Table(await queries.new_id(connection), data.name, data.seats, data.location)

        async def work(connection: Connection, _: int | None) -> Edited:
            await queries.insert_table(connection, table, now)
            return _told(table, "table.created", msgspec.json.encode(TableBody.of(table)))

        return await self._committer.edit(table.place, Edit(work, names=True), key)

    async def delete(self, table_id: int) -> None:
        """Take a table away. Raises `TableNotFound`, `TableHasReservations`.

        Whoever reserves it at the same moment either has been quicker, and is found here, or is refused: the place is
        closed under its lock, and the revision is raised.
        """
        place = place_of(table_id)
        now = self._clock()

        async def work(connection: Connection, _: int | None) -> Edited:
            table = (await queries.tables_by_id(connection, [table_id])).get(table_id)
            if table is None:
                raise TableNotFound
            if await queries.is_reserved_after(connection, place, now):
                raise TableHasReservations
            await queries.delete_table(connection, table_id)
            await statements.close(connection, place.key, now)
            return _told(table, "table.deleted")

        # A table that was typed into psql may have no row to lock yet.
        await self._committer.edit(place, Edit(work, names=True))


def _told(table: Table, kind: str, answer: bytes = b"") -> Edited:
    """A change of a table, with the message that tells of it."""
    return Edited(answer, [(kind, {"name": table.name, "seats": table.seats})])
