"""A day's free slots as ready bytes, kept by the revision of their room: the hottest answer there is."""

import asyncio
from collections.abc import Mapping

from cachetools import LRUCache
from msgspec import Struct

from holdfast.clock import Clock
from holdfast.database.connections import Connection, Database
from holdfast.engine.claims import Interval
from holdfast.engine.loaders import BatchLoader, TagLoader
from holdfast.errors import RoomNotFound
from holdfast.rooms import answers, queries, slots
from holdfast.rooms.queries import Day
from holdfast.rooms.requests import RoomDay
from holdfast.rooms.service import Rooms

READY_BYTES_MAX = 64 * 1024 * 1024
READY_EXTRA_BYTES = 600
STORED_MAX = 100_000
NOTHING = answers.listed([])


class ReadyDay(Struct, frozen=True):
    """A day's free slots as JSON, as they were at a revision of the room or later. `tag` is the answer's `ETag`."""

    tag: bytes
    body: bytes


class Days:
    """The days of this installation's rooms. Made once in each process."""

    def __init__(self, database: Database, rooms: Rooms, tags: TagLoader, clock: Clock) -> None:
        self._rooms = rooms
        self._tags = tags
        self._clock = clock
        self._taken: BatchLoader[Day, list[Interval]] = BatchLoader(database, self._look)
        self._ready: LRUCache[RoomDay, ReadyDay] = LRUCache(
            READY_BYTES_MAX, getsizeof=lambda ready: len(ready.body) + READY_EXTRA_BYTES
        )
        self._stored: LRUCache[Day, bool] = LRUCache(STORED_MAX)

    def tag(self, wanted: RoomDay) -> "asyncio.Future[bytes | None]":
        """The room's tag, to be asked for before who asks is known, and told to `free`."""
        asked = self._tags.tag(wanted.place)
        # Nobody may wait for it in the end.
        asked.add_done_callback(lambda done: done.cancelled() or done.exception())
        return asked

    async def free(self, wanted: RoomDay, asked: "asyncio.Future[bytes | None]") -> ReadyDay:
        """The slots of a day that nobody holds, as the database has them after this was asked. Raises `RoomNotFound`.

        Of a day more than ten years away there are none, whatever the revision.
        """
        tag = await asked
        if tag is None:
            raise RoomNotFound
        ready = self._ready.get(wanted)
        if ready is not None and ready.tag == tag:
            return ready
        return await self._read(wanted, tag)

    async def _read(self, wanted: RoomDay, tag: bytes) -> ReadyDay:
        """Read the day anew: after the revision, so it may hold more than the revision says, never less."""
        room = await self._rooms.get(wanted.room_id)
        if slots.is_far(wanted.date, self._clock().date()):
            # Not kept, and tagged by another name: some day it will be near.
            return ReadyDay(tag[:-1] + b'-far"', NOTHING)
        if room.schedule is None or room.retired_at is not None:
            return self._keep(wanted, tag, NOTHING)
        taken = await self._taken.get(Day(room.id, wanted.date, room.schedule))
        ready = self._ready.get(wanted)
        if ready is not None and ready.tag == tag:
            # Somebody who waited for the same has been quicker.
            return ready
        free = slots.free(slots.of_day(room.id, room.schedule, wanted.date), taken or [])
        return self._keep(wanted, tag, answers.listed(free))

    def _keep(self, wanted: RoomDay, tag: bytes, body: bytes) -> ReadyDay:
        ready = ReadyDay(tag, body)
        self._ready[wanted] = ready
        return ready

    async def _look(self, connection: Connection, days: list[Day]) -> Mapping[Day, list[Interval]]:
        """What is taken of some days. Their slots are stored before anybody sees them."""
        new = [day for day in days if day not in self._stored]
        made = [slot for day in new for slot in slots.of_day(day.room_id, day.schedule, day.date)]
        if made:
            await queries.store_slots(connection, made)
        for day in new:
            self._stored[day] = True
        return await queries.taken(connection, days)
