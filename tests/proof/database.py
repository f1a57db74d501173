"""asyncpg's connections, as far as the engine uses them, on the simulated server; they fail by seed."""

import asyncio
from types import TracebackType
from typing import Any

import asyncpg

from holdfast.engine import looks, writing
from holdfast.engine.transaction import BEGIN
from proof import seats_sql, sql, writes
from proof.server import Server, Transaction
from proof.sql import Row
from proof.weather import COMMIT_FAULTS, LINK_FAULTS, STATEMENT_FAULTS

HANDLERS = sql.HANDLERS | seats_sql.HANDLERS | writes.HANDLERS
MAY_BE_EMPTY = (writing.WRITE, looks.BACKWARDS)
SAVEPOINT, GO_BACK = "SAVEPOINT proof", "ROLLBACK TO SAVEPOINT proof"
LINGER = (0.0, 0.001, 0.01, 0.3, 1.5)
"""Seconds that a server's side of a lost connection may take to notice; it keeps its locks until then."""
LOST = (ConnectionResetError, asyncpg.ConnectionDoesNotExistError, TimeoutError)
ERRORS = {
    "serialization": asyncpg.SerializationError,
    "deadlock": asyncpg.DeadlockDetectedError,
    "cancelled": asyncpg.QueryCanceledError,
    "odd": asyncpg.InternalServerError,
    "refused": asyncpg.SerializationError,
}


class Backend:
    """The server's side of a connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.generation = server.generation
        self.transaction: Transaction | None = None
        self.has_failed = False
        self._mark: Any = None

    def end(self, commit: bool) -> None:
        """End the transaction, if there is one."""
        if self.transaction is not None:
            self.server.end(self.transaction, commit)
            self.transaction = None
        self.has_failed = False

    def fail(self) -> None:
        """After an error a transaction is undone at once, and takes nothing but its end."""
        if self.transaction is not None:
            self.server.end(self.transaction, commit=False)
            self.has_failed = True

    async def run(self, statement: str, arguments: tuple[Any, ...]) -> list[Row]:
        """Carry out one statement."""
        if statement in {BEGIN, "COMMIT", "ROLLBACK"}:
            if statement == BEGIN:
                self.transaction = self.server.begin()
            else:
                self.end(commit=statement == "COMMIT" and not self.has_failed)
            return []
        if self.has_failed:
            raise asyncpg.InFailedSQLTransactionError("current transaction is aborted")
        if self.transaction is not None and statement in {SAVEPOINT, GO_BACK}:
            if statement == SAVEPOINT:
                self._mark = self.server.mark(self.transaction)
            else:
                self.server.go_back(self.transaction, self._mark)
            return []
        handler = HANDLERS.get(statement)
        if handler is None:
            self.server.faults.append(f"unknown statement: {statement}")
            raise asyncpg.PostgresSyntaxError(statement)
        transaction = self.transaction or self.server.begin()
        try:
            rows = await handler(self.server, transaction, self.server.state, *arguments)
        except BaseException:
            self.server.end(transaction, commit=False)
            self.fail()
            raise
        if self.transaction is None:
            self.server.end(transaction, commit=True)
        return rows


class Connection:
    """The client's side."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._backend = Backend(server)
        self._is_closed = False
        self._is_busy = False
        self._is_detached = False

    async def execute(self, statement: str, *arguments: Any) -> str:
        """Carry out a statement."""
        await self._ask(statement, arguments)
        return ""

    async def fetch(self, statement: str, *arguments: Any) -> list[Row]:
        """All rows of a statement."""
        return await self._ask(statement, arguments)

    async def fetchrow(self, statement: str, *arguments: Any) -> Row | None:
        """The first row."""
        rows = await self._ask(statement, arguments)
        return rows[0] if rows else None

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """The first row's first value."""
        row = await self.fetchrow(statement, *arguments)
        return None if row is None else next(iter(row.values()))

    def transaction(self, *, isolation: str) -> "Block":
        """A transaction as a block."""
        assert isolation == "read_committed"
        return Block(self)

    def is_closed(self) -> bool:
        """Whether this side knows that the connection is gone."""
        return self._is_closed

    def terminate(self) -> None:
        """Close without a word. The server notices when it notices."""
        if self._is_detached:
            raise asyncpg.InterfaceError("cannot call Connection.terminate(): the connection is the pool's no more")
        self.lose(commit=False)

    def reset(self) -> None:
        """What a pool does with a connection that is given back."""
        if self._backend.transaction is not None and not self._is_closed:
            self._server.faults.append("a connection was given back in a transaction")
            self._backend.end(commit=False)

    def lose(self, commit: bool) -> None:
        """Lose the connection; the server's side ends its transaction when it notices."""
        if not self._is_closed:
            self._is_closed = True
            self._server.loop.call_later(self._server.random.choice(LINGER), self._backend.end, commit)

    def _look(self) -> None:
        """Raise if the server has ended since this connection was made."""
        if self._backend.generation != self._server.generation:
            self._is_closed = True
            raise self._lost()

    def _lost(self) -> Exception:
        self._is_detached = self._server.random.random() < 0.5
        return self._server.random.choice(LOST)("connection lost")

    async def _ask(self, statement: str, arguments: tuple[Any, ...]) -> list[Row]:
        server = self._server
        if self._is_closed:
            raise asyncpg.InterfaceError("connection is closed")
        if self._is_busy:
            server.faults.append("two statements at once on one connection")
        if [] in arguments and statement not in MAY_BE_EMPTY:
            server.faults.append(f"an empty array: {statement}")
        self._is_busy = True
        is_sent = False
        try:
            await server.pause()
            self._look()
            is_sent = True
            rows = await self._carry_out(statement, arguments)
            await server.pause()
            self._look()
        except asyncio.CancelledError:
            if statement == "COMMIT" and not is_sent:
                self.lose(commit=server.random.random() < 0.5)
            elif statement == writing.WRITE and not is_sent and server.random.random() < 0.5:
                self._begin_alone(statement, arguments)
            raise
        finally:
            self._is_busy = False
        return rows

    async def _carry_out(self, statement: str, arguments: tuple[Any, ...]) -> list[Row]:
        fault = self._fault(statement)
        if fault is None:
            return await self._backend.run(statement, arguments)
        if fault in ERRORS:
            if statement == "COMMIT":
                self._backend.end(commit=False)
            else:
                self._backend.fail()
            raise ERRORS[fault](fault)
        if fault == "lost_late" and statement != "COMMIT":
            # What commits by itself is carried out all the same, whenever the server comes to it.
            self._is_closed = True
            self._server.loop.call_later(self._server.random.choice(LINGER), self._begin_alone, statement, arguments)
            raise self._lost()
        if fault == "stuck":
            self._is_closed = True
            self._server.spawn(self._go_on_alone(statement, arguments))
            await asyncio.sleep(1)
            raise TimeoutError
        if fault == "lost_after":
            await self._backend.run(statement, arguments)
        self.lose(commit=fault == "lost_late")
        raise self._lost()

    def _begin_alone(self, statement: str, arguments: tuple[Any, ...]) -> None:
        if self._backend.generation == self._server.generation:
            self._server.spawn(self._go_on_alone(statement, arguments))

    async def _go_on_alone(self, statement: str, arguments: tuple[Any, ...]) -> None:
        """The server's side of a statement that the client no longer waits for."""
        try:
            await self._server.pause()
            await self._backend.run(statement, arguments)
        except (asyncpg.PostgresError, OSError):
            pass
        finally:
            self._backend.end(commit=False)

    def _fault(self, statement: str) -> str | None:
        weather, choose = self._server.weather, self._server.random.choice
        commits = statement == writing.WRITE and self._backend.transaction is None
        if (statement == "COMMIT" or commits) and self._server.is_stormy(weather.commit_faults):
            return choose(COMMIT_FAULTS)
        if statement == "COMMIT":
            return None
        if not self._server.is_stormy(weather.statement_faults):
            return None
        return choose(LINK_FAULTS if statement in {BEGIN, "ROLLBACK"} else STATEMENT_FAULTS)


class Block:
    """`connection.transaction()`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> None:
        await self._connection.execute(BEGIN)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
