"""What reservations ask of the features whose places have owners and names. `app.py` hands it over.

What a place itself demands is not asked here: the engine judges it, see `engine/demands.py`.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from holdfast.accounts.roles import Caller
from holdfast.engine.claims import Kind, Place, Reservation
from holdfast.http import fields

UUID_LETTERS_MIN = 32


class RoomRules(Protocol):
    """Who may have managed rooms."""

    async def is_managed(self, place: Place) -> bool:
        """Whether it is a managed room."""

    async def check_may_reserve(self, place: Place, caller: Caller) -> None:
        """Raises what refuses the caller a room."""

    async def check_may_enter(self, before: Reservation, target: Place, caller: Caller) -> None:
        """Raises what refuses a move to another room to a caller who may change the reservation."""

    async def names(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """What the managed ones among these rooms are called."""


class TableRules(Protocol):
    """Tables, which exist only when somebody made them."""

    async def check(self, place: Place) -> None:
        """Raises `TableNotFound`."""

    async def names(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """What these tables are called, of those that there are."""


def may_be_managed(place: Place) -> bool:
    """Whether a room's id is a UUID, as all managed rooms' are: others need not be looked up."""
    # Most ids are shorter than any UUID, and asked about with each claim.
    return len(place.id) >= UUID_LETTERS_MIN and place.kind is Kind.ROOM and fields.UUID.fullmatch(place.id) is not None
