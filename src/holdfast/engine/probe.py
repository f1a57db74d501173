"""Tries to write what bookings write, and takes it back: so that it is known before anybody books that nobody can."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from holdfast.database.connections import AWAY, Connection, Database
from holdfast.database.writes import Failing
from holdfast.engine import statements, writing
from holdfast.engine.batch import Batch
from holdfast.engine.claims import Place, Reservation

SECONDS_MAX = 2.0
EVERY_SECONDS = 10.0
"""How often it is tried at most while all is well, in each process, and only when somebody asks."""
AGAIN_SECONDS = 1.0
"""How often while it is not."""
# A row may find room in a page that is half full. A file of some megabytes, deleted at once, finds none on a full disk.
MEMORY = "SELECT set_config('work_mem', '64kB', true)"
SPILL = """
SELECT count(*) FROM (SELECT repeat(md5(n::text), 64) AS text FROM generate_series(1, 2000) n ORDER BY 1 OFFSET 0) s
"""


class Prober:
    """Knows what became of the last writes. Made once in each process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._alone = asyncio.Lock()
        self._tried = -EVERY_SECONDS

    async def state(self) -> Failing | None:
        """Why nothing can be written now, `None` when it can. Raises what says that the database is away."""
        async with self._alone:
            writes = self._database.writes
            pause = EVERY_SECONDS if writes.state is None else AGAIN_SECONDS
            if time.monotonic() - self._tried >= pause:
                await self._try()
                self._tried = time.monotonic()
            return writes.state

    async def _try(self) -> None:
        writes = self._database.writes
        try:
            async with asyncio.timeout(SECONDS_MAX), self._database.engine_connection() as connection:
                transaction = connection.transaction(isolation="read_committed")
                await transaction.start()
                try:
                    await _write(connection)
                finally:
                    await transaction.rollback()
        except Exception as error:
            writes.failed(error, is_probe=True)
            if writes.state is None and isinstance(error, AWAY):
                raise
        else:
            writes.succeeded()


async def _write(connection: Connection) -> None:
    """A reservation of a place that there is not, with its message."""
    now, place = datetime.now(UTC), Place("probe", f"probe-{uuid4()}")
    await statements.ensure_places(connection, [place])
    batch = Batch([], now)
    batch.note({place.key: 0}, [place.key])
    batch.reserve(uuid4(), Reservation(uuid4(), place, now, now + timedelta(minutes=1), now))
    await writing.write(connection, batch.writes())
    await connection.execute(MEMORY)
    await connection.execute(SPILL)
