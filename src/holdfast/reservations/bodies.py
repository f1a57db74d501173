"""What clients send and get, field by field."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Literal, cast

from litestar.params import Parameter
from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.engine.claims import Reservation, State
from holdfast.http import fields
from holdfast.http.fields import Key, Timestamp
from holdfast.http.paging import Page

HoldSeconds = Annotated[
    int,
    Meta(ge=10, le=900, description="For so many seconds only, unless it is confirmed", extra={"rule": "hold_seconds"}),
]
ExternalRef = Annotated[Key, Meta(description="What it is called elsewhere", examples=["payment-4711"])]


class HoldConfirmation(Struct):
    """How a hold is confirmed. With `revive` one that has expired is granted again, if its place is still free."""

    external_ref: ExternalRef | None = None
    if_expired: Literal["refuse", "revive"] = "refuse"


class HoldExtension(Struct):
    """For how long from now on a hold is to last, if it would end before."""

    seconds: HoldSeconds


class Composed(Enum):
    """Marks types that are composed of all kinds of places when the application is made: see `Kinds.composed`."""

    NEW = 1
    SHOWN = 2
    CHANGE = 3
    DEFAULT = 4
    KIND = 5


class ReservationChange(Struct):
    """The fields to change; one that is left out stays as it is. A room's reservation has no fields of a table's."""

    start_time: Timestamp | UnsetType = UNSET
    end_time: Timestamp | UnsetType = UNSET
    id: fields.FixedId | UnsetType = UNSET
    created_at: fields.FixedTime | UnsetType = UNSET


HoldState = Literal["held", "pending", "confirmed"]


def state_of(reservation: Reservation) -> HoldState | UnsetType:
    """How what is or was a hold stands; nothing of all else."""
    return UNSET if reservation.held_at is None else cast("HoldState", reservation.state.value)


def end_of_hold(reservation: Reservation) -> datetime | UnsetType:
    """When a hold ends by itself; nothing of all else."""
    if reservation.state is not State.HELD or reservation.expires_at is None:
        return UNSET
    return reservation.expires_at


class HeldBody(Struct, kw_only=True):
    """What else is shown of a reservation that is or was a hold. `external_ref` is for who may see whom it is for."""

    state: HoldState | UnsetType = UNSET
    expires_at: datetime | UnsetType = UNSET
    server_time: datetime | UnsetType = UNSET
    hold_secret: str | UnsetType = UNSET
    external_ref: str | UnsetType = UNSET
    revived: bool | UnsetType = UNSET

    def show_hold(self, reservation: Reservation, *, sees: bool) -> None:
        """Show how it stands, if it is or was a hold."""
        if reservation.held_at is None:
            return
        self.state = state_of(reservation)
        self.expires_at = end_of_hold(reservation)
        if sees and reservation.external_ref is not None:
            self.external_ref = reservation.external_ref
        if reservation.revived:
            self.revived = True


AnyNew = Annotated[Struct, Composed.NEW]
AnyChange = Annotated[ReservationChange, Composed.CHANGE]
AnyReservation = Annotated[HeldBody, Composed.SHOWN]
DefaultReservation = Annotated[HeldBody, Composed.DEFAULT]
KindName = Annotated[str, Composed.KIND]


class PlaceBody(Struct):
    """A place that has been named. Whenever its reservations change, `revision` grows."""

    kind: KindName
    id: str
    name: str
    revision: int


# Named for the description, where a generic type would be called after its modules.
ReservationPage = Annotated[Page[AnyReservation], Parameter(schema_component_key="ReservationPage")]
PlacePage = Annotated[Page[PlaceBody], Parameter(schema_component_key="PlacePage")]
