"""How many seats are left, as ready bytes, kept by the revision of their event, as its tag tells it.

No answer is believed for its age alone: each request asks the database for the event's tag, together with all
that ask in the same turn of the event loop, and what is kept serves only if it is of that tag.
"""

import asyncio
from typing import Protocol

import msgspec
from cachetools import TTLCache

from holdfast.database.connections import Connection, Database
from holdfast.engine import statements
from holdfast.engine.loaders import BatchLoader
from holdfast.errors import EventNotFound
from holdfast.events import queries
from holdfast.events.bodies import EventBody
from holdfast.events.queries import Event
from holdfast.redis_link import RedisLink

KEPT_SECONDS = 30
"""In each place: an answer may go from Redis to a process, and be a minute old then."""
KEPT_HERE_MAX = 50_000


class SeatCache(Protocol):
    """Keeps what is told of events, for half a minute. It may forget anything at any time."""

    async def get(self, event_id: int, tag: bytes) -> bytes | None:
        """What was kept of the event at this revision."""

    async def put(self, event_id: int, tag: bytes, body: bytes) -> None:
        """Keep what is told of the event at this revision."""


class ProcessCache:
    """In this process."""

    def __init__(self) -> None:
        self._kept: TTLCache[int, tuple[bytes, bytes]] = TTLCache(KEPT_HERE_MAX, KEPT_SECONDS)

    async def get(self, event_id: int, tag: bytes) -> bytes | None:
        """What was kept of the event at this revision."""
        kept = self._kept.get(event_id)
        return kept[1] if kept is not None and kept[0] == tag else None

    async def put(self, event_id: int, tag: bytes, body: bytes) -> None:
        """Keep what is told of the event at this revision, and no other."""
        self._kept[event_id] = (tag, body)


class RedisCache:
    """In Redis, for all workers and machines."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def get(self, event_id: int, tag: bytes) -> bytes | None:
        """What was kept of the event at this revision."""
        kept = await self._link.call(lambda: self._link.client.get(_name(event_id)))
        mark = tag + b" "
        return kept[len(mark) :] if isinstance(kept, bytes) and kept.startswith(mark) else None

    async def put(self, event_id: int, tag: bytes, body: bytes) -> None:
        """Keep what is told of the event at this revision, and no other."""
        kept = b"%b %b" % (tag, body)
        await self._link.call(lambda: self._link.client.set(_name(event_id), kept, ex=KEPT_SECONDS))


class Availability:
    """Tells how many seats are left. Made once in each process; `far` is shared with others, if there is one."""

    def __init__(self, database: Database, near: SeatCache, far: SeatCache | None) -> None:
        self._near = near
        self._far = far
        self._tags: BatchLoader[int, bytes] = BatchLoader(database, statements.event_tags)
        self._events: BatchLoader[int, Event] = BatchLoader(database, _events)
        self._misses: dict[tuple[int, bytes], asyncio.Task[bytes]] = {}

    async def of(self, event_id: int) -> bytes:
        """The event in JSON, as the database has it after this was asked. Raises `EventNotFound`, `Unavailable`."""
        tag = await self._tags.get(event_id)
        if tag is None:
            raise EventNotFound
        body = await self._near.get(event_id, tag)
        return body if body is not None else await self._miss(event_id, tag)

    async def _miss(self, event_id: int, tag: bytes) -> bytes:
        """Find it further away. Of those who ask for the same at once, one goes and all are answered."""
        miss = self._misses.get((event_id, tag))
        if miss is None:
            miss = asyncio.create_task(self._fetch(event_id, tag))
            self._misses[event_id, tag] = miss
            miss.add_done_callback(lambda _: self._misses.pop((event_id, tag)))
        # Whoever leaves does not take it along.
        return await asyncio.shield(miss)

    async def _fetch(self, event_id: int, tag: bytes) -> bytes:
        body = None if self._far is None else await self._far.get(event_id, tag)
        if body is None:
            event = await self._events.get(event_id)
            if event is None:
                raise EventNotFound
            # Read after the tag: it may know more, never less.
            body = msgspec.json.encode(EventBody.of(event))
            if self._far is not None:
                await self._far.put(event_id, tag, body)
        await self._near.put(event_id, tag, body)
        return body


def _name(event_id: int) -> str:
    return f"holdfast:event:{event_id}"


async def _events(connection: Connection, ids: list[int]) -> dict[int, Event]:
    return dict(await queries.events_by_id(connection, ids))
