"""What reservations ask of a feature that has rules for some rooms. `app.py` hands it over."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from holdfast.accounts.roles import Caller
from holdfast.engine.claims import Interval, Kind, Place, Reservation
from holdfast.http import fields


class RoomRules(Protocol):
    """Rules for managed rooms. Asked only when one of the rooms concerned `may_be_managed`."""

    async def is_managed(self, place: Place) -> bool:
        """Whether there are rules for this room."""

    async def check_reserve(self, place: Place, wanted: Interval, caller: Caller) -> None:
        """Raises what refuses a reservation of this room, whoever else holds it."""

    async def check_move(self, before: Reservation, target: Place, wanted: Interval, caller: Caller) -> None:
        """Raises what refuses a move, to a room without rules too, by a caller who may change the reservation."""

    async def names(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """What the managed ones among these rooms are called."""


class TableRules(Protocol):
    """Rules for tables, which exist only when somebody made them."""

    async def check(self, place: Place, party_size: int | None) -> None:
        """Raises `TableNotFound`, and `InvalidRequest` when so many do not fit."""

    async def names(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """What these tables are called, of those that there are."""


def may_be_managed(place: Place) -> bool:
    """Whether a room's id is a UUID, as all managed rooms' are: others need not be looked up."""
    return place.kind is Kind.ROOM and fields.UUID.fullmatch(place.id) is not None
