"""What clients of the rooms contract send and get, field by field. In JSON, names are in camelCase."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from holdfast.http.fields import Name
from holdfast.http.paging import Pagination
from holdfast.rooms.queries import Room, SlotBooking
from holdfast.rooms.slots import Schedule, Slot

# Line breaks and tabs are text; other control characters and halves of a pair are not.
TEXT = r"^(?![\s\S]*[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff])"

Description = Annotated[str, Meta(max_length=2_000, pattern=TEXT, extra={"rule": "description"})]
Capacity = Annotated[int, Meta(ge=1, le=1_000_000, description="Seats", extra={"rule": "capacity"})]
DayOfWeek = Annotated[int, Meta(ge=1, le=7)]
Days = Annotated[
    list[DayOfWeek],
    Meta(min_length=1, description="1 is Monday, 7 is Sunday", examples=[[1, 2, 3, 4, 5]], extra={"rule": "days"}),
]
ClockTime = Annotated[
    str,
    Meta(
        pattern=r"^(?![\s\S]*\n)([01]?[0-9]|2[0-3]):[0-5][0-9]$",
        max_length=5,
        description="Time of day in UTC, HH:MM",
        examples=["09:00"],
        extra={"rule": "clock_time"},
    ),
]
SlotId = Annotated[UUID, Meta(extra={"rule": "uuid"})]
WantsLink = Annotated[bool | None, Meta(description="Whether a conference link is wanted", extra={"rule": "boolean"})]


class NewRoom(Struct, rename="camel"):
    """A room to be made."""

    name: Name
    description: Description | None = None
    capacity: Capacity | None = None


class NewSchedule(Struct, rename="camel"):
    """When a room is open, on each of these days, in UTC."""

    days_of_week: Days
    start_time: ClockTime
    end_time: ClockTime


class NewSlotBooking(Struct, rename="camel"):
    """Which slot to book."""

    slot_id: SlotId
    create_conference_link: WantsLink = False


class RoomBody(Struct, rename="camel"):
    """A managed room."""

    id: UUID
    name: str
    description: str | None
    capacity: int | None
    created_at: datetime

    @classmethod
    def of(cls, room: Room) -> "RoomBody":
        """The room as clients see it."""
        return cls(room.id, room.name, room.description, room.capacity, room.created_at)


class ScheduleBody(Struct, rename="camel"):
    """When a room is open."""

    id: UUID
    room_id: UUID
    days_of_week: list[int]
    start_time: str
    end_time: str

    @classmethod
    def of(cls, room_id: UUID, schedule: Schedule) -> "ScheduleBody":
        """The schedule as clients see it."""
        opening, closing = clock_time(schedule.start_minute), clock_time(schedule.end_minute)
        return cls(schedule.id, room_id, list(schedule.days), opening, closing)


class SlotBody(Struct, rename="camel"):
    """Half an hour of a room."""

    id: UUID
    room_id: UUID
    start: datetime
    end: datetime

    @classmethod
    def of(cls, slot: Slot) -> "SlotBody":
        """The slot as clients see it."""
        return cls(slot.id, slot.room_id, slot.start, slot.end)


class SlotBookingBody(Struct, rename="camel"):
    """A booked slot."""

    id: UUID
    slot_id: UUID
    user_id: UUID | None
    status: Literal["active", "cancelled"]
    conference_link: str | None
    created_at: datetime

    @classmethod
    def of(cls, booking: SlotBooking) -> "SlotBookingBody":
        """The booking as clients see it."""
        return cls(
            booking.id,
            booking.slot_id,
            booking.user_id,
            "cancelled" if booking.is_cancelled else "active",
            booking.conference_link,
            booking.created_at,
        )


class RoomAnswer(Struct):
    """A room."""

    room: RoomBody


class RoomsAnswer(Struct):
    """Rooms."""

    rooms: list[RoomBody]


class ScheduleAnswer(Struct):
    """A schedule."""

    schedule: ScheduleBody


class SlotsAnswer(Struct):
    """Free slots by start."""

    slots: list[SlotBody]


class SlotBookingAnswer(Struct):
    """A booking."""

    booking: SlotBookingBody


class SlotBookingsAnswer(Struct):
    """Bookings."""

    bookings: list[SlotBookingBody]


class SlotBookingPage(Struct):
    """One page of bookings, newest first."""

    bookings: list[SlotBookingBody]
    pagination: Pagination


def clock_time(minute: int) -> str:
    """A minute of the day as clients write it."""
    return f"{minute // 60:02}:{minute % 60:02}"
