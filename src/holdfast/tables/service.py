"""The use cases of tables: make, delete, find those that are free."""

import msgspec
import uuid_utils.compat as uuids

from holdfast.clock import Clock
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Connection, Database, transaction, translated
from holdfast.engine import statements, writing
from holdfast.engine.claims import Key
from holdfast.engine.once import Errand, Made, once
from holdfast.engine.reader import Reader
from holdfast.engine.writing import Changes
from holdfast.errors import TableHasReservations, TableNotFound
from holdfast.outbox.queries import Message
from holdfast.tables import queries
from holdfast.tables.bodies import TableBody, TableRequest
from holdfast.tables.queries import Table, Wanted, place_of


class Tables:
    """The tables of this installation. Made once in each process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._by_id: Reader[int, Table] = Reader(database, _find, readers_max=1)

    async def find(self, table_id: int) -> Table | None:
        """The table as it is now, or `None`."""
        return await self._by_id.get(table_id)

    async def page(self, wanted: Wanted, after: int, limit: int) -> list[Table]:
        """Tables by id, those after the id `after`; at most `limit`, and one more to tell whether there are more."""
        with translated():
            async with self._database.engine_connection() as connection:
                return await queries.tables_after(connection, wanted, after, limit + 1)

    async def create(self, data: TableRequest, key: Key | None) -> Made:
        """Make a table. Raises `IdempotencyKeyReused`."""
        now = self._clock()

        async def work(connection: Connection) -> bytes:
            wanted = Table(0, data.name, data.seats, data.location)
            table = msgspec.structs.replace(wanted, id=await queries.insert_table(connection, wanted, now))
            await statements.ensure_places(connection, [table.place])
            await self._tell(connection, table, 0, "table.created")
            return msgspec.json.encode(TableBody.of(table))

        return await once(self._database, Errand(uuids.uuid7(), key, now), work)

    @again_on_conflict
    async def delete(self, table_id: int) -> None:
        """Take a table away. Raises `TableNotFound`, `TableHasReservations`.

        Whoever reserves it at the same moment either has been quicker, and is found here, or is refused: the place is
        closed under its lock, and the revision is raised.
        """
        place = place_of(table_id)
        now = self._clock()
        with translated():
            async with self._database.engine_connection() as connection, transaction(connection):
                # A table that was typed into psql may have no row to lock yet.
                await statements.ensure_places(connection, [place])
                await statements.lock(connection, [place.key])
                table = (await queries.tables_by_id(connection, [table_id])).get(table_id)
                if table is None:
                    raise TableNotFound
                if await queries.is_reserved_after(connection, place, now):
                    raise TableHasReservations
                revision = (await statements.revisions(connection, [place.key]))[place.key]
                await queries.delete_table(connection, table_id)
                await statements.close(connection, place.key, now)
                await self._tell(connection, table, revision, "table.deleted")

    async def _tell(self, connection: Connection, table: Table, revision: int, kind: str) -> None:
        """Raise the revision of a table by one, with the message that tells why."""
        place, now = table.place, self._clock()
        data = {"id": place.id, "kind": place.kind, "table_id": place.id, "name": table.name, "seats": table.seats}
        message = Message(place.key, revision + 1, uuids.uuid7(), kind, now, data)
        seen, raised = {place.key: revision}, {place.key: revision + 1}
        await writing.write(connection, Changes([place.key], seen, raised, now, messages=[message]))


async def _find(connection: Connection, ids: list[int]) -> dict[int, Table]:
    return dict(await queries.tables_by_id(connection, ids))
