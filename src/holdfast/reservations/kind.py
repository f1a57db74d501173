"""What a feature tells of its places, so that `/reservations` reserves, lists, moves and cancels there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from msgspec import Struct

from holdfast.accounts.roles import Caller
from holdfast.database.connections import Connection
from holdfast.engine.claims import RANGE, Details, Interval, Place, Reservation
from holdfast.engine.demands import Demand
from holdfast.errors import HoldfastError
from holdfast.reservations.bodies import HeldBody


class ReservationRequest(Struct, frozen=True):
    """A place and a stretch of time, held for so many seconds only or for good; `details` are its feature's."""

    place: Place
    interval: Interval
    hold_seconds: int | None = None
    details: Details | None = None


class Fields(Struct, frozen=True):
    """The fields of a request that changes a reservation. `None` was left out; `more` has those of one kind alone."""

    target: Place | None = None
    start: datetime | None = None
    end: datetime | None = None
    more: Mapping[str, Any] = {}
    id: UUID | None = None
    created_at: datetime | None = None


class Plan(Struct, frozen=True):
    """A change of a certain reservation: `None` stays as it is, whatever others make of it meanwhile."""

    target: Place
    start: datetime | None
    end: datetime | None
    details: Details | None = None


class Register(Protocol):
    """The places of a kind that somebody has made. Others may be named all the same, if their kind lets them."""

    is_strict: bool
    """Whether at such a place a reservation is its owner's and the admins' alone, in either mode."""

    def may_have(self, place: Place) -> bool:
        """Whether a place may be one of them: others need not be looked up."""

    def asks(self, place: Place, caller: Caller, before: Reservation | None) -> bool:
        """Whether it matters to a caller that a place is one of them; `before` is what is to be moved there."""

    def refusal(self, caller: Caller, *, is_made: bool) -> HoldfastError | None:
        """What refuses a caller, to whom it matters, a place that is one of them, or is not."""

    async def find(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
        """What those are called that there are of places with these ids."""


class PlaceKind(Protocol):
    """A kind of places. A place is named by `<name>_id`: in bodies, in filters, in messages."""

    name: ClassVar[str]
    """As in `Place.kind`."""
    new: ClassVar[type[Struct]]
    """The body that asks for a reservation. All its fields but `hold_seconds` may be changed later."""
    body: ClassVar[type[HeldBody]]
    closed: ClassVar[type[HoldfastError]]
    """The refusal of a place where nothing may be reserved any more."""
    types: ClassVar[Sequence[str]] = (RANGE,)
    """The types of its reservations, first that of those which are asked for with `new`."""
    register: ClassVar[Register | None] = None
    demand: ClassVar[Demand | None] = None
    examples: ClassVar[Sequence[Struct]] = ()

    def place_of(self, value: Any) -> Place:
        """The place that a checked field of a body names."""

    def named(self, text: str) -> Place:
        """The place that a path or a query names. Raises `InvalidRequest`."""

    def wish(self, data: Any) -> ReservationRequest:
        """What a `new` asks for, the order of its times not checked yet. Raises `InvalidRequest`."""

    def shown(self, reservation: Reservation, *, sees: bool) -> HeldBody:
        """A reservation as clients get it who may see, or not, whom it is for."""

    def is_readable(self, reservation: Reservation) -> bool:
        """Whether it can be `shown`, and is not what somebody has typed. May raise `readable.UNREADABLE`, too."""

    def plan(self, found: Reservation, change: Fields) -> Plan:
        """The fields of a change as they are meant of a reservation. Raises `InvalidRequest`. Pure."""
        return Plan(change.target or found.place, change.start, change.end)
