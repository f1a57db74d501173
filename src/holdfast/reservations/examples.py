"""Examples of what clients of reservations send and get, for the description."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from holdfast.engine.claims import Kind
from holdfast.reservations.bodies import (
    HoldConfirmation,
    HoldExtension,
    NewReservation,
    NewTableReservation,
    PlaceBody,
    ReservationBody,
    ReservationChange,
    TableReservationBody,
)

MADE = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
EVENING = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
ROOM_RESERVATION = UUID("01938a66-3f00-7e21-9c8d-7b6a59483726")
TABLE_RESERVATION = UUID("01938a67-4a00-7f32-8d9e-6c5b4a392817")

RESERVATIONS: tuple[Struct, ...] = (
    NewReservation("blue-room", "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z"),
    NewTableReservation(7, "Anna", "2026-12-01T18:00:00Z", 120, 4),
    ReservationChange(start_time="2026-12-01T11:00:00Z", end_time="2026-12-01T12:00:00Z"),
    HoldConfirmation("payment-4711", "revive"),
    HoldExtension(600),
    ReservationBody(ROOM_RESERVATION, "blue-room", START, START + timedelta(hours=1), MADE),
    TableReservationBody(TABLE_RESERVATION, 7, "Anna", EVENING, 120, EVENING + timedelta(hours=2), 4, MADE),
    PlaceBody(Kind.ROOM, "blue-room", "blue-room", 3),
)
