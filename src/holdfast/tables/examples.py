"""Examples of what clients of the tables contract send and get, for the description."""

from datetime import timedelta

from msgspec import Struct

from holdfast.tables.bodies import NewTable, TableBody
from holdfast.tables.floor.bodies import FloorAnswer, FloorReservation, FloorTable
from holdfast.tables.kind import EVENING, EXAMPLE

FLOOR_RESERVATION = FloorReservation(
    EXAMPLE, 7, EVENING, EVENING + timedelta(hours=2), True, True, "Anna", 4
)  # fmt: skip

TABLES: tuple[Struct, ...] = (
    NewTable("By the window", 4, "Terrace"),
    TableBody(7, "By the window", 4, "Terrace"),
    FloorAnswer([FloorTable(7, "By the window", 4, "Terrace")], [FLOOR_RESERVATION], is_complete=True),
)
