"""Examples of what clients of the events contract send and get, for the description."""

from datetime import UTC, datetime

from msgspec import Struct

from holdfast.accounts.examples import ANN, EMAIL
from holdfast.events.board.bodies import BoardAttendee, BoardEvent
from holdfast.events.bodies import (
    EventBody,
    EventChange,
    HeldSeat,
    NewEvent,
    NewSeatBooking,
    SeatBookingBody,
    SeatStatisticsBody,
)

BOOKED = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
SEAT = HeldSeat(42, 1, "Concert", BOOKED)

EVENTS: tuple[Struct, ...] = (
    NewSeatBooking(1, "user123"),
    NewEvent("Concert", 100),
    EventChange(total_seats=120),
    SeatBookingBody(42, 1, "user123", BOOKED),
    EventBody(1, "Concert", 100, 1, 99),
    SeatStatisticsBody("user123", 1, 0, 1, BOOKED, BOOKED, [SEAT]),
    BoardEvent(1, "Concert", 100, 1, 99, 42),
    BoardAttendee(42, str(ANN), EMAIL, BOOKED),
)
