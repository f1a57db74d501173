"""A connection that is kept from one use to the next."""

from contextlib import AbstractAsyncContextManager

import structlog

from holdfast.database.connections import Connection, Database

logger = structlog.stdlib.get_logger("holdfast.engine")


class KeptConnection:
    """A connection of the engine's pool that a task keeps from one use to the next, as long as it has work.

    To put it back and to take it again are several turns of the event loop, in which the database would have nothing
    to do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._block: AbstractAsyncContextManager[Connection] | None = None
        self._connection: Connection | None = None

    async def take(self) -> Connection:
        """The connection: the one that was not let go, or another. Raises what says that the database is away."""
        if self._connection is None:
            block = self._database.engine_connection()
            self._connection = await block.__aenter__()
            self._block = block
        return self._connection

    async def let_go(self, error: BaseException | None = None) -> None:
        """Put it back, if there is one; after an error it may be ended instead."""
        block, self._block, self._connection = self._block, None, None
        if block is None:
            return
        try:
            await block.__aexit__(None if error is None else type(error), error, None)
        except Exception as failure:  # noqa: BLE001 - what it was used for is done, or has its own error
            logger.warning("a connection could not be put back", error=failure)
