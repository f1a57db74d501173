"""The use cases of the board: a stretch of time in all rooms, one's own reservations, all bookings. Reads only."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from msgspec import Struct

from holdfast.accounts import queries as accounts
from holdfast.accounts.roles import Caller, Role
from holdfast.board import queries
from holdfast.board.bodies import BoardRoom, View
from holdfast.clock import Clock
from holdfast.database.connections import Database
from holdfast.engine.claims import Reservation
from holdfast.reservations import queries as reservations
from holdfast.reservations.queries import Filter, Position, Window
from holdfast.reservations.service import Reservations
from holdfast.reservations.stretches import SHOWN_MAX
from holdfast.rooms.bookings import Bookings
from holdfast.rooms.kind import RoomKind
from holdfast.rooms.queries import Room, SlotBooking
from holdfast.rooms.rules import may_be_managed
from holdfast.rooms.service import Rooms

NAMED_ROOMS_MAX = 100
"""Rooms that were only ever named and are free all the time shown. Anybody may name one, so there may be very many."""


class BoardStretch(Struct, frozen=True):
    """All rooms, what is held of them, and whether that is all."""

    rooms: list[BoardRoom]
    held: list[Reservation]
    is_complete: bool
    view: View


class Board:
    """Made once in each process."""

    def __init__(
        self, database: Database, rooms: Rooms, bookings: Bookings, reservations: Reservations, clock: Clock
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._bookings = bookings
        self._reservations = reservations
        self._clock = clock

    async def stretch(self, window: Window, caller: Caller) -> BoardStretch:
        """All rooms, and what is held of them within the window. Retired rooms are there only if held then."""
        async with self._database.begin() as connection:
            managed = await queries.managed_rooms(connection)
            named = await queries.named_rooms(connection, limit=NAMED_ROOMS_MAX)
            of_rooms = Filter(window, types=RoomKind.types)
            found = await reservations.of_all(
                connection, self._reservations.kinds, of_rooms, after=None, limit=SHOWN_MAX + 1
            )
        held = found[:SHOWN_MAX]
        known = {str(room.id): room for room in managed}
        retired = await self._find({each.place.id for each in held if may_be_managed(each.place)}.difference(known))
        known |= {str(room.id): room for room in retired}
        free = sorted(({each.place.id for each in held} | set(named)).difference(known))
        shown = [BoardRoom.of(room) for room in known.values()] + [BoardRoom.named(room_id) for room_id in free]
        names = {room_id: room.name for room_id, room in known.items()}
        view = View(caller, names, await self._emails(caller, (each.user_id for each in held)))
        return BoardStretch(shown, held, len(found) <= SHOWN_MAX, view)

    async def mine(self, caller: Caller, after: Position | None, limit: int) -> tuple[list[Reservation], View]:
        """The caller's reservations that have not ended, by start; one more than `limit`, if there is more."""
        chosen = Filter(Window(self._clock()), owner=caller.user_id)
        async with self._database.begin() as connection:
            held = await reservations.of_all(connection, self._reservations.kinds, chosen, after=after, limit=limit + 1)
        names = {
            place.id: name for place, name in (await self._reservations.names(each.place for each in held)).items()
        }
        return held, View(caller, names, await self._emails(caller, (each.user_id for each in held)))

    async def bookings(self, caller: Caller, number: int, size: int) -> tuple[list[SlotBooking], int, View]:
        """A page of all bookings, newest first, and how many there are."""
        found, total = await self._bookings.page(number, size)
        rooms = await self._find(str(each.room_id) for each in found)
        names = {str(room.id): room.name for room in rooms}
        return found, total, View(caller, names, await self._emails(caller, (each.user_id for each in found)))

    async def _find(self, ids: Iterable[str]) -> list[Room]:
        """Those of these rooms that are managed, retired ones too."""
        return await self._rooms.known(UUID(room_id) for room_id in ids)

    async def _emails(self, caller: Caller, owners: Iterable[UUID | None]) -> Mapping[UUID, str]:
        """The addresses that the caller may see: an admin everybody's, a user none but their own."""
        wanted = {owner for owner in owners if owner is not None}
        if caller.role is not Role.ADMIN:
            wanted &= {caller.user_id}
        if not wanted:
            return {}
        async with self._database.begin() as connection:
            return await accounts.emails(connection, wanted)
