"""asyncpg's pool on the simulated server: a bounded number of connections, and the engine's door to them."""

import asyncio
from collections import deque
from types import TracebackType

import asyncpg

from holdfast.database.connections import Database
from holdfast.database.writes import Writes
from proof.database import Connection
from proof.server import Server


class Pool:
    """A bounded number of connections, and whoever waits for one."""

    def __init__(self, server: Server, size: int) -> None:
        self._server = server
        self._free = size
        self._idle: list[Connection] = []
        self._waiters: deque[asyncio.Future[None]] = deque()

    def acquire(self) -> "Lease":
        """A connection for the length of a block."""
        return Lease(self)

    async def take(self) -> Connection:
        """A connection that is idle, or a new one."""
        while not self._free:
            waiter: asyncio.Future[None] = self._server.loop.create_future()
            self._waiters.append(waiter)
            await waiter
        self._free -= 1
        try:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
            return await self._connect()
        except BaseException:
            self._give_back()
            raise

    async def put(self, connection: Connection) -> None:
        """Give a connection back, which takes a moment."""
        try:
            connection.reset()
            await self._server.pause()
            if not connection.is_closed() and self._server.is_stormy(self._server.weather.statement_faults):
                connection.lose(commit=False)
                raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        finally:
            if not connection.is_closed():
                self._idle.append(connection)
            self._give_back()

    async def _connect(self) -> Connection:
        server = self._server
        await server.pause()
        if server.is_away:
            raise ConnectionRefusedError
        if server.is_stormy(server.weather.connect_faults):
            raise server.random.choice((asyncpg.TooManyConnectionsError, TimeoutError))("no connection")
        return Connection(server)

    def _give_back(self) -> None:
        self._free += 1
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                break


class SimulatedDatabase(Database):
    """The engine's door to the database, with the simulated pool behind it."""

    def __init__(self, server: Server, connections: int) -> None:
        self._pool = Pool(server, connections)  # type: ignore[assignment]
        self.writes = Writes()


class Lease:
    """`pool.acquire()`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is asyncio.CancelledError and not self._connection.is_closed():
            self._connection.lose(commit=False)
        await self._pool.put(self._connection)
