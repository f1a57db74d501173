"""How this process reaches Redis, where nothing lies that may not be lost: without it everything goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import redis.asyncio
import structlog
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

T = TypeVar("T")
PROBE_SECONDS = 0.5
CONNECTIONS_MAX = 16
TROUBLE = (RedisError, OSError, TimeoutError)
logger = structlog.stdlib.get_logger("holdfast.redis")


class RedisLink:
    """The way to Redis. Made once in each process.

    A call that fails, or takes too long, closes the link: nobody waits for Redis then, until it has answered again.
    Each change is one line in the log. `seconds_max` is how long anybody waits for Redis, at most.
    """

    def __init__(self, address: str, seconds_max: float) -> None:
        self._seconds_max = seconds_max
        self.pool = BlockingConnectionPool.from_url(
            address,
            max_connections=CONNECTIONS_MAX,
            timeout=seconds_max,
            socket_timeout=seconds_max,
            socket_connect_timeout=seconds_max,
            # What failed is not tried again: somebody waits for it.
            retry=Retry(NoBackoff(), 0),
        )
        self.client = redis.asyncio.Redis(connection_pool=self.pool)
        self.is_up = True
        self._probe: asyncio.Task[None] | None = None
        self._is_closed = False

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T | None:
        """The answer of Redis; `None` when it is away, after `seconds_max`, or at once when that is known."""
        if not self.is_up:
            return None
        try:
            async with asyncio.timeout(self._seconds_max):
                return await operation()
        except TROUBLE as error:
            self._close(error)
            return None

    async def probe(self) -> bool:
        """Whether Redis answers now."""
        try:
            async with asyncio.timeout(self._seconds_max):
                await self.client.ping()
        except TROUBLE as error:
            self._close(error)
        else:
            self._open()
        return self.is_up

    async def close(self) -> None:
        """Let go of every connection."""
        # Said and not only cancelled: redis-py now and then loses a cancellation while it connects.
        self._is_closed = True
        if self._probe is not None:
            self._probe.cancel()
            with suppress(asyncio.CancelledError):
                await self._probe
        await self.client.aclose(close_connection_pool=True)

    def _close(self, error: Exception) -> None:
        if self.is_up:
            self.is_up = False
            logger.warning("Redis does not answer: each worker does for itself", error=error)
            self._probe = asyncio.create_task(self._knock())

    def _open(self) -> None:
        if not self.is_up:
            self.is_up = True
            logger.info("Redis answers again")

    async def _knock(self) -> None:
        """Ask until it answers."""
        while not (self.is_up or self._is_closed):
            await asyncio.sleep(PROBE_SECONDS)
            await self.probe()
