"""The use cases of managed rooms themselves: make, schedule, retire, look up, list."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils.compat as uuids

from holdfast.clock import Clock
from holdfast.database.connections import Connection, Database
from holdfast.engine import statements, writing
from holdfast.engine.claims import Key
from holdfast.engine.once import Errand, Made, once
from holdfast.engine.reader import Reader
from holdfast.engine.writing import Changes
from holdfast.errors import RoomClosed, RoomNotFound, ScheduleExists, Unreadable
from holdfast.outbox.queries import Message
from holdfast.rooms import queries
from holdfast.rooms.bodies import RoomAnswer, RoomBody, RoomRequest, ScheduleAnswer, ScheduleBody
from holdfast.rooms.queries import Room, place_of
from holdfast.rooms.slots import Schedule

Write = Callable[[Connection, int | None], Awaitable[None]]


class Rooms:
    """The managed rooms of this installation. Made once in each process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._by_id: Reader[UUID, Room] = Reader(database, queries.rooms_by_id, readers_max=1)

    async def find(self, room_id: UUID) -> Room | None:
        """The room as it is now, or `None` when no managed room has this id."""
        return await self._by_id.get(room_id)

    async def known(self, ids: Iterable[UUID]) -> list[Room]:
        """Those of these rooms that there are and that can be read, for lists of what refers to them."""
        found = await asyncio.gather(*(self.find(room_id) for room_id in set(ids)), return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, Unreadable):
                raise each
        return [each for each in found if isinstance(each, Room)]

    async def get(self, room_id: UUID) -> Room:
        """The room as it is now. Raises `RoomNotFound`."""
        room = await self.find(room_id)
        if room is None:
            raise RoomNotFound
        return room

    async def all(self) -> list[Room]:
        """Every room that is not retired, in the order in which they were made."""
        async with self._database.begin() as connection:
            return await queries.all_rooms(connection)

    async def create(self, data: RoomRequest, key: Key | None) -> Made:
        """Make a room. It is the place of the engine that has the same id."""
        now = self._clock()
        room = Room(uuids.uuid7(), data.name, data.description, data.capacity, now)

        async def write(connection: Connection, _: int | None) -> None:
            await statements.ensure_places(connection, [room.place])
            await queries.insert_room(connection, room)
            await _tell(connection, room, 0, "room.created", now)

        return await self._once(room.id, key, msgspec.json.encode(RoomAnswer(RoomBody.of(room))), write)

    async def schedule(self, room_id: UUID, schedule: Schedule, key: Key | None) -> Made:
        """Give a room its schedule. Raises `RoomNotFound`, `RoomClosed` for a retired one, `ScheduleExists`."""
        now = self._clock()

        async def write(connection: Connection, revision: int | None) -> None:
            room = await _read(connection, room_id)
            if room is None or revision is None:
                raise RoomNotFound
            if room.retired_at is not None:
                raise RoomClosed
            if room.schedule is not None:
                raise ScheduleExists
            await queries.insert_schedule(connection, room_id, schedule, now)
            await _tell(connection, room, revision, "schedule.created", now)

        answer = msgspec.json.encode(ScheduleAnswer(ScheduleBody.of(room_id, schedule)))
        return await self._once(room_id, key, answer, write)

    async def retire(self, room_id: UUID) -> Room:
        """Take no new bookings of a room. Done twice, it is done once. Raises `RoomNotFound`."""
        now = self._clock()
        found: list[Room] = []

        async def write(connection: Connection, revision: int | None) -> None:
            room = await _read(connection, room_id)
            if room is None or revision is None:
                raise RoomNotFound
            found.append(room)
            if room.retired_at is None:
                await queries.retire(connection, room_id, now)
                # Who looked before this is found out by the revision, and who looks later is refused.
                await statements.close(connection, room.place.key, now)
                await _tell(connection, room, revision, "room.retired", now)

        await self._once(room_id, None, b"", write)
        return found[-1]

    async def _once(self, room_id: UUID, key: Key | None, answer: bytes, write: Write) -> Made:
        """Write under the lock of the room's place. `write` is given its revision, `None` if it was never named."""
        place = place_of(room_id).key

        async def work(connection: Connection) -> bytes:
            await write(connection, (await statements.revisions(connection, [place])).get(place))
            return answer

        return await once(self._database, Errand(room_id, key, self._clock(), [place]), work)


async def _read(connection: Connection, room_id: UUID) -> Room | None:
    return (await queries.rooms_by_id(connection, [room_id])).get(room_id)


async def _tell(connection: Connection, room: Room, revision: int, kind: str, now: datetime) -> None:
    """Raise the revision of a locked room by one, with the message that tells why."""
    place = room.place.key
    data: dict[str, Any] = {"id": room.id, "kind": room.place.kind, "room_id": room.id, "name": room.name}
    message = Message(place, revision + 1, uuids.uuid7(), kind, now, data)
    seen, raised = {place: revision}, {place: revision + 1}
    await writing.write(connection, Changes([place], seen, raised, now, messages=[message]))
