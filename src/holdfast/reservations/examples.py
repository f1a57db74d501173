"""Examples of what clients of reservations send and get, for the description."""

from msgspec import Struct

from holdfast.reservations.bodies import HoldConfirmation, HoldExtension, PlaceBody, ReservationChange
from holdfast.reservations.kinds import Kinds


def examples(kinds: Kinds) -> tuple[Struct, ...]:
    """One of each body, those of all kinds of places included."""
    return (
        *(each for kind in kinds.reserved for each in kind.examples),
        ReservationChange(start_time="2026-12-01T11:00:00Z", end_time="2026-12-01T12:00:00Z"),
        HoldConfirmation("payment-4711", "revive"),
        HoldExtension(600),
        PlaceBody("room", "blue-room", "blue-room", 3),
    )
