"""Examples of what the board's clients get, for the description."""

from msgspec import Struct

from holdfast.accounts.examples import ANN, EMAIL
from holdfast.board.bodies import BoardAnswer, BoardHours, BoardReservation, BoardRoom
from holdfast.rooms.examples import BOOKING_ID, LINK, ROOM_ID, SINCE, START, WEEKDAYS
from holdfast.rooms.slots import SLOT

BOARD_ROOM = BoardRoom(
    str(ROOM_ID), "Blue room", "Second floor, by the stairs", 8, True, False, BoardHours(WEEKDAYS, "09:00", "18:00")
)
BOARD_RESERVATION = BoardReservation(
    BOOKING_ID, "room", str(ROOM_ID), "Blue room", START, START + SLOT, SINCE, "active", True, True, ANN, EMAIL, LINK
)

BOARD: tuple[Struct, ...] = (
    BOARD_RESERVATION,
    BoardAnswer([BOARD_ROOM], [BOARD_RESERVATION], is_complete=True),
)
