"""What a managed room asks of those who reserve it, through whichever contract they come."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.accounts.roles import Caller, Role
from holdfast.engine.claims import Interval, Place, Reservation, Type
from holdfast.engine.demands import Asked
from holdfast.errors import Forbidden, HoldfastError, InvalidRequest, RoomClosed, Unauthorized
from holdfast.reservations.rules import may_be_managed
from holdfast.rooms import queries
from holdfast.rooms.service import Rooms
from holdfast.rooms.slots import Schedule, is_open, is_slot


class Hours(Struct, frozen=True):
    """What a managed room demands: its schedule, if it has one, and that it is not retired."""

    is_retired: bool
    schedule: Schedule | None = None

    def allow(self, wanted: Interval) -> bool:
        """Whether the room may be had then."""
        return not self.is_retired and self.schedule is not None and is_open(self.schedule, wanted)


class RoomDemand:
    """The demand of rooms: see `engine/demands.py`. A room without facts is no managed one."""

    facts = queries.FACTS

    def concerns(self, asked: Asked) -> bool:
        """Whether it may be a managed room; a booking is to stay in one."""
        return may_be_managed(asked.place) or asked.type is Type.SLOT

    def against(self, facts: str | None, asked: Asked, now: datetime) -> HoldfastError | None:
        """`InvalidRequest` for the past, `RoomClosed` outside of the room's hours."""
        before = asked.before
        if facts is None:
            # A booking is of a slot, and no other room has any.
            return RoomClosed() if before is not None and before.type is Type.SLOT else None
        hours = msgspec.json.decode(facts, type=Hours)
        stays = before is not None and before.place == asked.place
        begins_anew = before is None or not stays or asked.interval.start != before.start
        if begins_anew and asked.interval.start < now:
            is_booked = before is None and asked.type is Type.SLOT
            return InvalidRequest({"slotId" if is_booked else "start_time": "past"})
        # What is held in a retired room may become less, and a booking is always of a slot.
        is_less = before is not None and stays and asked.interval.is_inside(before.interval)
        is_on_slots = asked.type is not Type.SLOT or _is_slot(hours, asked.interval)
        return None if (is_less or hours.allow(asked.interval)) and is_on_slots else RoomClosed()


class ManagedRooms:
    """What managed rooms ask of callers, for `/reservations`; what they are called."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def check_may_reserve(self, place: Place, caller: Caller) -> None:
        """Whether the caller may reserve a room. Raises `Unauthorized`, `Forbidden`."""
        if caller.role is Role.USER or not await self.is_managed(place):
            return
        raise Unauthorized if caller.user_id is None else Forbidden

    async def check_may_enter(self, before: Reservation, target: Place, caller: Caller) -> None:
        """Whether the caller, who may change the reservation, may move it to another room. Raises as above.

        It is reserving that room: a user's own reservation may, and a user's whom an admin helps.
        """
        is_own = caller.user_id is not None and before.user_id == caller.user_id
        may_enter = caller.user_id is not None and before.user_id is not None and is_own != (caller.role is Role.ADMIN)
        if may_enter or target == before.place or not await self.is_managed(target):
            return
        raise Unauthorized if caller.user_id is None else Forbidden

    async def is_managed(self, place: Place) -> bool:
        """Whether the room is a managed one."""
        return may_be_managed(place) and await self._rooms.find(UUID(place.id)) is not None

    async def names(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """What the managed ones among these rooms are called."""
        asked = {place: UUID(place.id) for place in places if may_be_managed(place)}
        known = {room.id: room.name for room in await self._rooms.known(asked.values())}
        return {place: known[room_id] for place, room_id in asked.items() if room_id in known}


def _is_slot(hours: Hours, wanted: Interval) -> bool:
    return hours.schedule is not None and is_slot(hours.schedule, wanted)
