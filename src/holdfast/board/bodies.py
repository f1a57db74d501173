"""What the board's clients get, field by field. In JSON, names are in camelCase."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from holdfast.accounts.roles import Caller, Role
from holdfast.engine.claims import Reservation
from holdfast.http.paging import Pagination
from holdfast.reservations.bodies import HoldState, KindName, end_of_hold, state_of
from holdfast.rooms.bodies import clock_time
from holdfast.rooms.queries import ROOM, SLOT_TYPE, Room, SlotBooking
from holdfast.rooms.slots import SLOT, Schedule


class BoardHours(Struct, rename="camel"):
    """When a room is open, in UTC; days from 1 (Monday) to 7."""

    days_of_week: list[int]
    start_time: str
    end_time: str

    @classmethod
    def of(cls, schedule: Schedule) -> "BoardHours":
        """The hours of a schedule."""
        return cls(list(schedule.days), clock_time(schedule.start_minute), clock_time(schedule.end_minute))


class BoardRoom(Struct, rename="camel"):
    """A room. One that is not managed was only ever named: it is always open, and anybody may reserve it."""

    id: str
    name: str
    description: str | None
    capacity: int | None
    is_managed: bool
    is_retired: bool
    hours: BoardHours | None

    @classmethod
    def of(cls, room: Room) -> "BoardRoom":
        """A managed room."""
        hours = None if room.schedule is None else BoardHours.of(room.schedule)
        is_retired = room.retired_at is not None
        return cls(str(room.id), room.name, room.description, room.capacity, True, is_retired, hours)

    @classmethod
    def named(cls, room_id: str) -> "BoardRoom":
        """A room that is not managed."""
        return cls(room_id, room_id, None, None, False, False, None)


class BoardReservation(Struct, rename="camel"):
    """Who holds a room from when until when. Whose it is only they themselves and admins are told.

    In the list of one's own a place of another kind may stand in the room's place.
    """

    id: UUID
    kind: KindName
    room_id: str
    room_name: str
    start: datetime
    end: datetime
    created_at: datetime
    status: Literal["active", "cancelled"]
    is_booking: bool
    is_mine: bool
    user_id: UUID | None
    user_email: str | None
    conference_link: str | None
    state: HoldState | UnsetType = UNSET
    expires_at: datetime | UnsetType = UNSET


class View(Struct, frozen=True):
    """Who looks, and what is known by name."""

    caller: Caller
    rooms: Mapping[str, str]
    emails: Mapping[UUID, str]

    def reservation(self, held: Reservation) -> BoardReservation:
        """An active reservation as this caller sees it."""
        link = None if held.details is None else cast("str | None", held.details.get("conference_link"))
        is_booking = held.type == SLOT_TYPE
        return self._shown(
            BoardReservation(
                held.id, held.place.kind, held.place.id, self.rooms.get(held.place.id, held.place.id), held.start,
                held.end, held.created_at, "active", is_booking, False, held.user_id, None, link,
                state_of(held), end_of_hold(held),
            )
        )  # fmt: skip

    def booking(self, booking: SlotBooking) -> BoardReservation:
        """A booking, perhaps a cancelled one, as this caller sees it."""
        room_id = str(booking.room_id)
        status: Literal["active", "cancelled"] = "cancelled" if booking.is_cancelled else "active"
        return self._shown(
            BoardReservation(
                booking.id, ROOM, room_id, self.rooms.get(room_id, room_id), booking.start, booking.start + SLOT,
                booking.created_at, status, True, False, booking.user_id, None, booking.conference_link,
            )
        )  # fmt: skip

    def _shown(self, whole: BoardReservation) -> BoardReservation:
        owner = whole.user_id
        whole.is_mine = owner is not None and owner == self.caller.user_id
        if whole.is_mine or self.caller.role is Role.ADMIN:
            whole.user_email = None if owner is None else self.emails.get(owner)
        else:
            whole.user_id = whole.conference_link = None
        return whole


class BoardAnswer(Struct, rename="camel"):
    """Rooms, and what is held of them. `is_complete` is false when there is more than one answer may carry."""

    rooms: list[BoardRoom]
    reservations: list[BoardReservation]
    is_complete: bool


class OwnReservationPage(Struct, rename="camel"):
    """One's own reservations that have not ended, by start, and where to go on."""

    reservations: list[BoardReservation]
    next_cursor: str | None


class BoardBookingPage(Struct):
    """One page of all bookings, newest first."""

    bookings: list[BoardReservation]
    pagination: Pagination
