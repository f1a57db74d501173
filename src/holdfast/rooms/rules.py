"""What a managed room asks of those who reserve it, through whichever contract they come."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from holdfast.accounts.roles import Caller, Role
from holdfast.clock import Clock
from holdfast.engine.claims import Interval, Place, Reservation
from holdfast.errors import Forbidden, InvalidRequest, RoomClosed, Unauthorized
from holdfast.reservations.rules import may_be_managed
from holdfast.rooms.queries import Room
from holdfast.rooms.service import Rooms
from holdfast.rooms.slots import is_open, is_slot


class ManagedRooms:
    """The rules of managed rooms, for `/reservations`."""

    def __init__(self, rooms: Rooms, clock: Clock) -> None:
        self._rooms = rooms
        self._clock = clock

    async def check_reserve(self, place: Place, wanted: Interval, caller: Caller) -> None:
        """Whether the caller may. Raises `Unauthorized`, `Forbidden`, `InvalidRequest` for the past, `RoomClosed`."""
        room = await self._find(place)
        if room is None:
            return
        if caller.user_id is None:
            raise Unauthorized
        if caller.role is not Role.USER:
            raise Forbidden
        self._check_not_past(wanted)
        if not _is_open(room, wanted):
            raise RoomClosed

    async def is_managed(self, place: Place) -> bool:
        """Whether the room is a managed one."""
        return await self._find(place) is not None

    async def check_move(self, before: Reservation, target: Place, wanted: Interval, caller: Caller) -> None:
        """Whether the caller, who may change the reservation, may move it there. Raises as `check_reserve` does."""
        if target == before.place and wanted == before.interval:
            return
        room = await self._find(target)
        if room is None:
            if before.details is not None:
                # A booking is of a slot, and no other room has any.
                raise RoomClosed
            return
        if target != before.place:
            _check_may_enter(before, caller)
        if target != before.place or wanted.start != before.start:
            self._check_not_past(wanted)
        is_less = target == before.place and wanted.is_inside(before.interval)
        if not (is_less or _is_open(room, wanted)) or (before.details is not None and not _is_slot(room, wanted)):
            # What is held in a retired room may become less, and a booking is always of a slot.
            raise RoomClosed

    async def names(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """What the managed ones among these rooms are called."""
        asked = {place: UUID(place.id) for place in places if may_be_managed(place)}
        known = {room.id: room.name for room in await self._rooms.known(asked.values())}
        return {place: known[room_id] for place, room_id in asked.items() if room_id in known}

    async def _find(self, place: Place) -> Room | None:
        return await self._rooms.find(UUID(place.id)) if may_be_managed(place) else None

    def _check_not_past(self, wanted: Interval) -> None:
        if wanted.start < self._clock():
            raise InvalidRequest({"start_time": "past"})


def _check_may_enter(before: Reservation, caller: Caller) -> None:
    """Coming from elsewhere is reserving the room: a user's own reservation may, and a user's whom an admin helps."""
    if caller.user_id is None:
        raise Unauthorized
    is_own = before.user_id == caller.user_id
    if before.user_id is None or is_own == (caller.role is Role.ADMIN):
        raise Forbidden


def _is_open(room: Room, wanted: Interval) -> bool:
    return room.retired_at is None and room.schedule is not None and is_open(room.schedule, wanted)


def _is_slot(room: Room, wanted: Interval) -> bool:
    return room.schedule is not None and is_slot(room.schedule, wanted)
