"""The use cases of managed rooms themselves: make, schedule, retire, look up, list."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import msgspec
import uuid_utils.compat as uuids
from msgspec import Struct

from holdfast.clock import Clock
from holdfast.database.connections import Connection, Database
from holdfast.engine import statements
from holdfast.engine.claims import Edit, Edited, Key, Made
from holdfast.engine.committer import Committer
from holdfast.engine.loaders import BatchLoader
from holdfast.errors import RoomClosed, RoomNotFound, ScheduleExists, Unreadable
from holdfast.rooms import lists, queries
from holdfast.rooms.bodies import NewRoom, RoomAnswer, RoomBody, ScheduleAnswer, ScheduleBody
from holdfast.rooms.queries import Room, place_of
from holdfast.rooms.slots import Schedule


class Rooms:
    """The managed rooms of this installation. Made once in each process."""

    def __init__(self, database: Database, committer: Committer, clock: Clock) -> None:
        self._database = database
        self._committer = committer
        self._clock = clock
        self._by_id: BatchLoader[UUID, Room] = BatchLoader(database, queries.rooms_by_id, readers_max=1)

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
            return await lists.all_rooms(connection)

    async def create(self, data: NewRoom, key: Key | None) -> Made:
        """Make a room. It is the place of the engine that has the same id. Raises `IdempotencyKeyReused`."""
        room = Room(uuids.uuid7(), data.name, data.description, data.capacity, self._clock())

        async def work(connection: Connection, _: int | None) -> Edited:
            await queries.insert_room(connection, room)
            return _told(room, "room.created", RoomAnswer(RoomBody.of(room)))

        return await self._committer.edit(room.place, Edit(work, names=True), key)

    async def schedule(self, room_id: UUID, schedule: Schedule, key: Key | None) -> Made:
        """Give a room its schedule. Raises `RoomNotFound`, `RoomClosed` for a retired one, `ScheduleExists`."""
        now = self._clock()

        async def work(connection: Connection, revision: int | None) -> Edited:
            room = await _read(connection, room_id, revision)
            if room.retired_at is not None:
                raise RoomClosed
            if room.schedule is not None:
                raise ScheduleExists
            await queries.insert_schedule(connection, room_id, schedule, now)
            return _told(room, "schedule.created", ScheduleAnswer(ScheduleBody.of(room_id, schedule)))

        return await self._committer.edit(place_of(room_id), Edit(work), key)

    async def retire(self, room_id: UUID) -> Room:
        """Take no new bookings of a room. Done twice, it is done once. Raises `RoomNotFound`."""
        now = self._clock()
        found: list[Room] = []

        async def work(connection: Connection, revision: int | None) -> Edited:
            room = await _read(connection, room_id, revision)
            found.append(room)
            if room.retired_at is not None:
                return Edited(b"")
            await queries.retire(connection, room_id, now)
            # Who looked before this is found out by the revision, and who looks later is refused.
            await statements.close(connection, room.place.key, now)
            return _told(room, "room.retired")

        await self._committer.edit(place_of(room_id), Edit(work))
        return found[-1]


async def _read(connection: Connection, room_id: UUID, revision: int | None) -> Room:
    """A room whose place is locked. Raises `RoomNotFound`, for one without a place to lock as well."""
    room = (await queries.rooms_by_id(connection, [room_id])).get(room_id)
    if room is None or revision is None:
        raise RoomNotFound
    return room


def _told(room: Room, kind: str, answer: Struct | None = None) -> Edited:
    """A change of a room, with the message that tells of it."""
    return Edited(b"" if answer is None else msgspec.json.encode(answer), [(kind, {"name": room.name})])
