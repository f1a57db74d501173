"""How this process reaches PostgreSQL: asyncpg for the engine, SQLAlchemy Core on asyncpg for everything else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from holdfast.database.writes import Writes
from holdfast.errors import Unavailable
from holdfast.settings import Settings

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]
    Pool = asyncpg.Pool[Any]
else:
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

AWAY = (
    OSError,  # refused, reset, no such socket, and TimeoutError
    asyncpg.InterfaceError,  # the connection is closed
    asyncpg.InternalClientError,  # the server has said goodbye, and the connection is about to be closed
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, crashed, starting up, statement_timeout
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What a database that is away, too busy or not ours to write says; asking again later may help."""


class WrongAddress(Exception):
    """An address of PostgreSQL that no rule forbids and that cannot be used. Its text is one line, without it."""


READS_AT_ONCE = 14
"""Connections of the engine's pool besides those of its lanes: combined reads, rooms, events, health, the relay."""
JOURNAL_AT_ONCE = 4
"""Connections of the journal's pool; those of a process that does not relay, and has no listeners, are not made."""


class Database:
    """Two ways into one PostgreSQL. `pool` is the engine's, `engine` (SQLAlchemy's word) everybody else's."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._url = url
        self._arguments = connect_arguments(settings)
        self._lanes = settings.worker_lanes
        self._command_seconds_max = settings.statement_seconds_max + 1
        self._pool: Pool | None = None
        self._journal: Pool | None = None
        self.writes = Writes()
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            isolation_level="READ COMMITTED",
            pool_size=settings.database_connections,
            max_overflow=0,
            pool_timeout=settings.statement_seconds_max,
            pool_pre_ping=True,
            # What a failed statement was given, a password's hash for one, is for no log.
            hide_parameters=True,
            connect_args=statement_cache(settings),
        )

    async def open(self) -> None:
        """Make the pools of the engine and of the journal. Connections themselves are made when first needed."""
        self._pool = await self._open(self._lanes + READS_AT_ONCE, named("engine", by_index(self._arguments)))
        # Its tables grow from nothing to millions of rows and back, and a plan for a small table reads all of a large
        # one. So statements are not kept, and are planned each time they run.
        self._journal = await self._open(
            JOURNAL_AT_ONCE, named("journal", self._arguments | {"statement_cache_size": 0})
        )

    async def _open(self, size: int, arguments: dict[str, Any]) -> Pool:
        return await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=size,
            command_timeout=self._command_seconds_max,
            reset=_keep_session,
            **arguments,
        )

    @property
    def pool(self) -> Pool:
        """The engine's pool, once `open` has made it."""
        assert self._pool is not None, "the application has not started"
        return self._pool

    @property
    def journal(self) -> Pool:
        """The journal's pool, once `open` has made it."""
        assert self._journal is not None, "the application has not started"
        return self._journal

    @asynccontextmanager
    async def engine_connection(self) -> AsyncIterator[Connection]:
        """A connection of the engine's pool; it is ended when the block says that nobody knows its state."""
        async with self.pool.acquire() as connection:
            try:
                yield connection
            except AWAY as error:
                if not isinstance(error, asyncpg.PostgresError):
                    cut(connection)
                raise

    async def close(self) -> None:
        """Let go of every connection; those in use are given two seconds."""
        for pool in (self.journal, self.pool):
            try:
                async with asyncio.timeout(2):
                    await pool.close()
            except TimeoutError:
                pool.terminate()
        await self.engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed when the block ends well. Raises `Unavailable` when the database is away."""
        with translated():
            async with self.engine.begin() as connection:
                yield connection

    async def _connect(self, **_: object) -> "asyncpg.Connection[Any]":
        connection: asyncpg.Connection[Any] = await asyncpg.connect(
            self._url, command_timeout=self._command_seconds_max, **self._arguments
        )
        return connection


def cut(connection: Connection) -> None:
    """End a connection whose state nobody knows; one that has ended by itself is the pool's no more, and says so."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


def words(error: BaseException) -> str:
    """One line on what went wrong. SQLAlchemy wraps what the driver says, and adds the statement."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig.__cause__ or error.orig
    text = error.args[0] if isinstance(error, asyncpg.PostgresError) and error.args else error
    return next(iter(str(text).strip().splitlines()), "") or type(error).__name__


@contextmanager
def translated() -> Iterator[None]:
    """Turns what a database that is away says, through either door, into `Unavailable`."""
    try:
        yield
    except AWAY as error:
        raise Unavailable from error
    except PoolTimeout as error:
        raise Unavailable from error
    except DBAPIError as error:
        driver_error = getattr(error.orig, "__cause__", None)
        if error.connection_invalidated or isinstance(driver_error, AWAY):
            raise Unavailable from error
        raise


SESSION = {
    "application_name": "holdfast",
    "timezone": "UTC",
    "datestyle": "ISO",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "idle_session_timeout": "0",
    "standard_conforming_strings": "on",
}
"""What sessions are, whatever was set for the role or the database. Behind a pooler each transaction says so itself."""
UNBOUNDED = {"lock_timeout": "0", "statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
CONNECT_SECONDS_MAX = 10.0
# PostgreSQL 17 brought it.
UNBOUND = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'"


def connect_arguments(settings: Settings) -> dict[str, Any]:
    """What every connection is opened with."""
    arguments: dict[str, Any] = {"timeout": settings.statement_seconds_max}
    if settings.database_direct_url is not None:
        # A transaction pooler hands each transaction to another session: nothing may be kept in one.
        return arguments | {"statement_cache_size": 0}
    milliseconds = {
        "lock_timeout": settings.lock_seconds_max,
        "statement_timeout": settings.statement_seconds_max,
        "idle_in_transaction_session_timeout": settings.statement_seconds_max,
    }
    bounds = {name: str(int(seconds * 1000)) for name, seconds in milliseconds.items()}
    return arguments | {"server_settings": SESSION | bounds}


def transaction(connection: Connection) -> AbstractAsyncContextManager[object]:
    """A transaction in which each statement sees what was committed before it, whatever the role's default is."""
    return connection.transaction(isolation="read_committed")


async def connect_alone(url: str, **_: object) -> "asyncpg.Connection[Any]":
    """A connection past any pooler, for work on whole tables, which may take as long as it takes."""
    try:
        connection: asyncpg.Connection[Any] = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS_MAX, server_settings=SESSION | UNBOUNDED
        )
    except (ValueError, OverflowError) as error:
        # Its text may quote a part of the address, and that may be the password.
        raise WrongAddress("the address of the database cannot be understood: look at DATABASE_URL or DB_…") from error
    await connection.execute(UNBOUND)
    return connection


@asynccontextmanager
async def alone(url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Such a connection, which is closed at the end."""
    connection = await connect_alone(url)
    try:
        yield connection
    finally:
        await connection.close()


BY_INDEX = {
    "enable_seqscan": "off",
    "enable_indexscan": "on",
    "enable_indexonlyscan": "on",
    "enable_nestloop": "on",
    "enable_sort": "on",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}
"""What docs/operations.md has operators set who put a pooler between."""


def by_index(arguments: dict[str, Any]) -> dict[str, Any]:
    """Connections for statements that name what they want: a few rows of what may be large tables.

    Their plans are kept; one made while a table is small reads all of it, and soon all of a large one. To plan such a
    statement anew for its arguments, or to compile its plan, takes longer than to run it.
    """
    if "server_settings" not in arguments:
        return arguments
    return arguments | {"server_settings": arguments["server_settings"] | BY_INDEX}


def named(what: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Connections that say in `pg_stat_activity` what they are for."""
    if "server_settings" not in arguments:
        return arguments
    name = {"application_name": f"{SESSION['application_name']} {what}"}
    return arguments | {"server_settings": arguments["server_settings"] | name}


def statement_cache(settings: Settings) -> dict[str, Any]:
    """What SQLAlchemy must know of a transaction pooler."""
    if settings.database_direct_url is None:
        return {}
    return {"prepared_statement_cache_size": 0}


async def _keep_session(_: "asyncpg.Connection[Any]") -> None:
    """Nothing of ours changes a session, so there is nothing to ask the server to reset."""
