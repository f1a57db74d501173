"""Examples of what clients of the rooms contract send and get, for the description."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from holdfast.accounts.examples import ANN
from holdfast.rooms.bodies import (
    NewRoom,
    NewSchedule,
    NewSlotBooking,
    RoomBody,
    ScheduleBody,
    SlotBody,
    SlotBookingBody,
)
from holdfast.rooms.slots import SLOT, slot_id

ROOM_ID = UUID("01938a60-1d00-7c44-8e10-0a1b2c3d4e5f")
SINCE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
SLOT_ID = slot_id(ROOM_ID, START)
BOOKING_ID = UUID("01938a64-9a00-7d10-b2c3-5d6e7f809102")
LINK = "https://meet.example.com/blue-room"
WEEKDAYS = [1, 2, 3, 4, 5]

ROOMS: tuple[Struct, ...] = (
    NewRoom("Blue room", "Second floor, by the stairs", 8),
    NewSchedule(WEEKDAYS, "09:00", "18:00"),
    NewSlotBooking(SLOT_ID, create_conference_link=True),
    RoomBody(ROOM_ID, "Blue room", "Second floor, by the stairs", 8, SINCE),
    ScheduleBody(UUID("01938a61-2e00-7b55-a1b2-c3d4e5f60718"), ROOM_ID, WEEKDAYS, "09:00", "18:00"),
    SlotBody(SLOT_ID, ROOM_ID, START, START + SLOT),
    SlotBookingBody(BOOKING_ID, SLOT_ID, ANN, "active", LINK, SINCE),
)
