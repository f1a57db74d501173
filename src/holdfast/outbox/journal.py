"""The journal: the outbox's messages in the order of their publication, in which each has a position.

Messages become visible in whatever order their transactions commit, so no id of theirs can say how far somebody has
read. The one relay that has the lease gives those that wait their positions, transaction after transaction; so
positions become visible in their own order, and whoever remembers the last one seen has missed none before it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Connection, Database, transaction
from holdfast.outbox import queries
from holdfast.outbox.messages import Entry, Lag

LEASE = timedelta(seconds=3)
"""For how long a relay that says nothing is taken to be alive."""
KEPT = timedelta(minutes=15)
"""How long messages stay after their publication. Listeners resume from them, a lost COMMIT is looked up in them."""
NUMBERED_AT_ONCE = 1_000
READ_AT_ONCE = 500
REMOVED_AT_ONCE = 2_000


class LeadershipLost(Exception):
    """Somebody else has taken the lease: whatever was about to be done is theirs to do."""


class Journal:
    """Reads the journal; and writes it, for who has a lease."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def written(self) -> asyncio.Event:
        """Set with each write of this process, which may have brought a message."""
        return self._database.writes.news

    async def read(self, after: int, limit: int = READ_AT_ONCE) -> list[Entry]:
        """The next messages after a position."""
        async with self._database.journal.acquire() as connection:
            return await queries.read(connection, after, limit)

    async def reread(self, after: int, places: Sequence[str] | None, types: Sequence[str] | None) -> list[Entry]:
        """The next messages after a position, of these places and types; `None` for all."""
        async with self._database.journal.acquire() as connection:
            return await queries.reread(connection, after, places, types, READ_AT_ONCE)

    async def last(self) -> int:
        """The position of the last message, 0 when there is none."""
        async with self._database.journal.acquire() as connection:
            return await queries.last(connection)

    async def has(self, position: int) -> bool:
        """Whether a message has this position."""
        async with self._database.journal.acquire() as connection:
            return await queries.is_there(connection, position)

    async def lag(self) -> Lag:
        """How far publishing is behind."""
        async with self._database.journal.acquire() as connection:
            return await queries.lag(connection)

    @again_on_conflict
    async def take(self, holder: str) -> "Lease | None":
        """Take the lease, unless somebody has it."""
        async with self._database.journal.acquire() as connection:
            found = await queries.take(connection, holder, LEASE)
        return None if found is None else Lease(self._database, *found)


class Lease:
    """The right to write the journal, until another has a greater fencing number. All raise `LeadershipLost` then.

    `delivered` is the position until which all was delivered, as the holder before told.
    """

    def __init__(self, database: Database, fence: int, delivered: int) -> None:
        self._database = database
        self.fence = fence
        self.delivered = delivered
        self.floor = 0
        """All positions that are given from now on are greater."""

    @again_on_conflict
    async def number(self) -> int:
        """Give positions to some of the messages that wait; how many."""
        async with self._database.pool.acquire() as connection:
            count = await queries.number(connection, self.fence, self.floor, LEASE, NUMBERED_AT_ONCE)
        if count == queries.DEPOSED:
            raise LeadershipLost
        return count

    @again_on_conflict
    async def renumber(self, after: int, floor: int) -> int:
        """Have the messages after a position wait for new ones, which will be greater than `floor`; how many."""
        self.floor = max(self.floor, floor)
        async with self.held() as connection:
            return await queries.renumber(connection, after)

    @again_on_conflict
    async def renew(self, delivered: int, *, stuck: bool) -> None:
        """Keep the lease, and tell how far delivering has come and whether it is stuck."""
        async with self._database.journal.acquire() as connection:
            if not await queries.renew(connection, self.fence, LEASE, delivered, stuck=stuck):
                raise LeadershipLost

    @again_on_conflict
    async def remove(self, delivered: int, age: timedelta = KEPT) -> int:
        """Delete some of the messages that were delivered and have been kept long enough; how many."""
        async with self.held() as connection:
            return await queries.remove(connection, delivered, age, REMOVED_AT_ONCE)

    @again_on_conflict
    async def let_go(self, delivered: int) -> None:
        """Give it up, so that nobody has to wait until it expires."""
        async with self._database.journal.acquire() as connection:
            await queries.let_go(connection, self.fence, delivered)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Connection]:
        """A transaction in which nobody else can take the lease, for what only its holder may change."""
        async with self._database.journal.acquire() as connection, transaction(connection):
            if not await queries.hold(connection, self.fence, self.floor, LEASE):
                raise LeadershipLost
            yield connection
