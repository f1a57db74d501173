"""Examples of what the board's clients get, for the description."""

from datetime import timedelta

from msgspec import Struct

from holdfast.accounts.examples import ANN, EMAIL
from holdfast.board.bodies import (
    BoardAnswer,
    BoardAttendee,
    BoardEvent,
    BoardHours,
    BoardReservation,
    BoardRoom,
    FloorAnswer,
    FloorReservation,
    FloorTable,
)
from holdfast.events.examples import BOOKED
from holdfast.rooms.examples import BOOKING_ID, LINK, ROOM_ID, SINCE, START, WEEKDAYS
from holdfast.rooms.slots import SLOT
from holdfast.tables.kind import EVENING, EXAMPLE

BOARD_ROOM = BoardRoom(
    str(ROOM_ID), "Blue room", "Second floor, by the stairs", 8, True, False, BoardHours(WEEKDAYS, "09:00", "18:00")
)
BOARD_RESERVATION = BoardReservation(
    BOOKING_ID, "room", str(ROOM_ID), "Blue room", START, START + SLOT, SINCE, "active", True, True, ANN, EMAIL, LINK
)
FLOOR_TABLE = FloorTable(7, "By the window", 4, "Terrace")
FLOOR_RESERVATION = FloorReservation(
    EXAMPLE, 7, EVENING, EVENING + timedelta(hours=2), True, True, "Anna", 4
)  # fmt: skip

BOARD: tuple[Struct, ...] = (
    BOARD_RESERVATION,
    BoardAnswer([BOARD_ROOM], [BOARD_RESERVATION], is_complete=True),
    FloorAnswer([FLOOR_TABLE], [FLOOR_RESERVATION], is_complete=True),
    BoardEvent(1, "Concert", 100, 1, 99, 42),
    BoardAttendee(42, str(ANN), EMAIL, BOOKED),
)
