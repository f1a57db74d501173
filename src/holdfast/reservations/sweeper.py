"""The sweeper: ends holds that have expired, so that `reservation.expired` is told. Nothing else depends on it.

It works where the relay's lease is, so one process sweeps; two that did would do no harm.
"""

import asyncio
from collections.abc import Collection

import structlog
import uuid_utils.compat as uuids

from holdfast.database.connections import AWAY, Database
from holdfast.engine import looks
from holdfast.engine.claims import Change, Granted, Verdict
from holdfast.engine.committer import Committer
from holdfast.errors import HoldfastError
from holdfast.outbox.journal import Lease
from holdfast.outbox.relay import LeaderTask

AT_ONCE = 200
logger = structlog.stdlib.get_logger("holdfast.reservations")


class Sweeper(LeaderTask):
    """Made once in each process that may relay; works where the lease is, every `seconds`; with 0 never.

    It ends holds at places of these kinds.
    """

    def __init__(self, database: Database, committer: Committer, seconds: float, kinds: Collection[str]) -> None:
        self._database = database
        self._committer = committer
        self._seconds = seconds
        self._kinds = kinds

    async def run(self, lease: Lease) -> None:  # noqa: ARG002  each hold is ended under its place's lock
        """Sweep for ever."""
        while self._seconds:
            if not await self._try():
                await asyncio.sleep(self._seconds)

    async def sweep(self) -> bool:
        """End some of the holds that have expired, the oldest first; true when there may be more."""
        async with self._database.engine_connection() as connection:
            found = await looks.expired(connection, self._kinds, AT_ONCE)
        changes = [Change(uuids.uuid7(), place, hold, lapses=True) for hold, place in found]
        told = await asyncio.gather(*map(self._end, changes), return_exceptions=True)
        for each in told:
            if isinstance(each, BaseException) and not isinstance(each, HoldfastError):
                raise each
        # One that could not be ended now is tried again after a pause: somebody else may have been quicker.
        return len(found) == AT_ONCE and all(isinstance(each, Granted) for each in told)

    async def _end(self, change: Change) -> Verdict:
        return await self._committer.submit(change)

    async def _try(self) -> bool:
        """Sweep. What goes wrong with it must not end the relay."""
        try:
            return await self.sweep()
        except AWAY:
            # The relay's own line in the log says that the database is away.
            pass
        except Exception:
            logger.exception("holds that have expired are not swept")
        return False
