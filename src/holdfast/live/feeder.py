"""Feeds one process's listeners: from the Redis stream, and from the journal when Redis is silent or not there.

Both have the same messages at the same positions, so what is heard from one may go on from the other.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from holdfast.database.connections import AWAY
from holdfast.errors import RateLimited, Unavailable
from holdfast.live.hub import Hub, Listener
from holdfast.live.privacy import Frames
from holdfast.outbox.journal import READ_AT_ONCE, Journal
from holdfast.outbox.messages import Entry
from holdfast.outbox.stream import REDIS_AWAY, RedisStream

POLL_SECONDS = 0.05
"""How often the journal is asked, without Redis."""
PAUSE_SECONDS = 0.5
RETRY_SECONDS = 10
"""When somebody may try again whose client has too many listeners."""
RESUMING_MAX = 2
"""Listeners for whom the outbox is read at once; the others wait for their turn."""
logger = structlog.stdlib.get_logger("holdfast.live")


class Feeder:
    """Made once in each process. It reads only while somebody listens."""

    def __init__(
        self, journal: Journal, stream: RedisStream | None, listeners_max: int, client_listeners_max: int = 0
    ) -> None:
        self._journal = journal
        self._stream = stream
        self._listeners_max = listeners_max
        self._client_listeners_max = client_listeners_max
        self._clients: Counter[str] = Counter()
        self._hub = Hub()
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._resuming = asyncio.Semaphore(RESUMING_MAX)

    @asynccontextmanager
    async def listening(self, listener: Listener) -> AsyncIterator[None]:
        """Somebody listens inside of the block; what it hears begins with `resume`. Raises `Unavailable`, and
        `RateLimited` when too many of the same client listen.
        """
        if len(self._listeners) >= self._listeners_max:
            raise Unavailable
        if self._client_listeners_max and self._clients[listener.client] >= self._client_listeners_max:
            raise RateLimited(self._client_listeners_max, RETRY_SECONDS)
        self._listeners.add(listener)
        self._clients[listener.client] += 1
        try:
            await self._start()
            yield
        finally:
            self._listeners.discard(listener)
            self._clients[listener.client] -= 1
            if not self._clients[listener.client]:
                del self._clients[listener.client]
            self._hub.discard(listener)
            if not self._listeners:
                await self._stop()

    async def resume(self, listener: Listener, after: int | None) -> AsyncIterator[bytes]:
        """What a listener has missed since it was `after`, from what is still kept; then it hears what comes.

        `None` for one who has heard nothing before.
        """
        listener.after = self._hub.position if after is None else after
        if listener.after > self._hub.position and listener.after > await self._last():
            # From a database that is no more: there, it has heard nothing.
            listener.after = self._hub.position
        wish = listener.wish
        places, types = list(wish.places) or None, list(wish.types) or None
        while listener.after < self._hub.position and not listener.is_over:
            until = self._hub.position
            async with self._resuming:
                found = await self._missed(listener.after, places, types)
            # What is behind the hub's position is told by the hub.
            entries = [entry for entry in found if entry.position <= until]
            listener.after = found[-1].position if len(entries) == READ_AT_ONCE else until
            if entries:
                yield b"".join(Frames(entry).shown_to(listener.caller) for entry in entries)
        # In the same turn as the last look at the hub's position, so nothing falls in between.
        self._hub.add(listener)

    def end(self) -> None:
        """Have everybody leave."""
        for listener in tuple(self._listeners):
            listener.end()

    async def close(self) -> None:
        """Have everybody leave, and stop."""
        self.end()
        await self._stop()

    async def _last(self) -> int:
        try:
            return await self._journal.last()
        except AWAY as error:
            raise Unavailable from error

    async def _missed(self, after: int, places: list[str] | None, types: list[str] | None) -> list[Entry]:
        try:
            return await self._journal.reread(after, places, types)
        except AWAY as error:
            raise Unavailable from error

    async def _start(self) -> None:
        async with self._starting:
            if self._task is None:
                self._hub.position = await self._last()
                self._task = asyncio.create_task(self._feed())

    async def _stop(self) -> None:
        async with self._starting:
            if self._task is not None and not self._listeners:
                self._task.cancel()
                with suppress(asyncio.CancelledError):
                    await self._task
                self._task = None

    async def _feed(self) -> None:
        while True:
            try:
                entries = await self._next()
                for entry in entries:
                    self._hub.tell(Frames(entry))
            except AWAY:
                await asyncio.sleep(PAUSE_SECONDS)
            except Exception:
                logger.exception("live updates begin anew")
                await asyncio.sleep(PAUSE_SECONDS)

    async def _next(self) -> list[Entry]:
        """What comes next. When the stream has nothing, as while Redis cannot be written to, the journal may."""
        if self._stream is not None:
            try:
                entries = await self._stream.read(self._hub.position)
            except REDIS_AWAY:
                entries = []
            if entries:
                return entries
        entries = await self._journal.read(self._hub.position)
        if not entries:
            await asyncio.sleep(POLL_SECONDS)
        return entries
