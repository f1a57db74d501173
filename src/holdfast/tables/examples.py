"""Examples of what clients of the tables contract send and get, for the description."""

from msgspec import Struct

from holdfast.tables.bodies import NewTable, TableBody

TABLES: tuple[Struct, ...] = (NewTable("By the window", 4, "Terrace"), TableBody(7, "By the window", 4, "Terrace"))
