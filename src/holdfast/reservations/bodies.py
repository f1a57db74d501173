"""What clients send and get, field by field."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, cast
from uuid import UUID

from litestar.params import Parameter
from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.engine.claims import Kind, Reservation, State
from holdfast.http import fields
from holdfast.http.fields import Key, Name, Timestamp
from holdfast.http.paging import Page
from holdfast.reservations.queries import KnownPlace

MINUTE = timedelta(minutes=1)

TableId = Annotated[int, Meta(ge=1, le=fields.ID_MAX, description="The table's id", extra={"rule": "table_id"})]
CustomerName = Annotated[Name, Meta(description="Who comes", examples=["Anna"])]
Minutes = Annotated[int, Meta(ge=1, le=1_440, description="For how long", extra={"rule": "minutes"})]
PartySize = Annotated[
    int,
    Meta(ge=1, le=1_000, description="How many come; not more than the table's seats", extra={"rule": "party_size"}),
]
HoldSeconds = Annotated[
    int,
    Meta(ge=10, le=900, description="For so many seconds only, unless it is confirmed", extra={"rule": "hold_seconds"}),
]
ExternalRef = Annotated[Key, Meta(description="What it is called elsewhere", examples=["payment-4711"])]


class NewReservation(Struct):
    """Which room, and from when until when (`[start_time, end_time)`). A room need not exist beforehand."""

    room_id: Key
    start_time: Timestamp
    end_time: Timestamp
    hold_seconds: HoldSeconds | None = None


class NewTableReservation(Struct):
    """Which table, for whom, from when and for how long."""

    table_id: TableId
    customer_name: CustomerName
    reservation_time: Timestamp
    duration_minutes: Minutes
    party_size: PartySize | None = None
    hold_seconds: HoldSeconds | None = None


class HoldConfirmation(Struct):
    """How a hold is confirmed. With `revive` one that has expired is granted again, if its place is still free."""

    external_ref: ExternalRef | None = None
    if_expired: Literal["refuse", "revive"] = "refuse"


class HoldExtension(Struct):
    """For how long from now on a hold is to last, if it would end before."""

    seconds: HoldSeconds


class ReservationChange(Struct):
    """The fields to change; one that is left out stays as it is. A room's reservation has no fields of a table's."""

    room_id: Key | UnsetType = UNSET
    table_id: TableId | UnsetType = UNSET
    start_time: Timestamp | UnsetType = UNSET
    end_time: Timestamp | UnsetType = UNSET
    customer_name: CustomerName | UnsetType = UNSET
    reservation_time: Timestamp | UnsetType = UNSET
    duration_minutes: Minutes | UnsetType = UNSET
    party_size: PartySize | UnsetType | None = UNSET
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


class ReservationBody(HeldBody):
    """An active reservation. Times are UTC; the room is free again at `end_time`."""

    id: UUID
    room_id: str
    start_time: datetime
    end_time: datetime
    created_at: datetime

    @classmethod
    def of(cls, reservation: Reservation, sees: bool) -> "ReservationBody":
        """The reservation as clients see it."""
        shown = cls(
            reservation.id,
            reservation.place.id,
            reservation.start,
            reservation.end,
            reservation.created_at,
        )
        shown.show_hold(reservation, sees=sees)
        return shown


class TableReservationBody(HeldBody):
    """An active reservation of a table. Who may not see whom it is for gets null there."""

    id: UUID
    table_id: int
    customer_name: str | None
    reservation_time: datetime
    duration_minutes: int
    end_time: datetime
    party_size: int | None
    created_at: datetime

    @classmethod
    def of(cls, reservation: Reservation, sees: bool) -> "TableReservationBody":
        """The reservation as clients see it."""
        details = (reservation.details or {}) if sees else {}
        name, size = details.get("customer_name"), details.get("party_size")
        shown = cls(
            reservation.id,
            int(reservation.place.id),
            None if name is None else str(name),
            reservation.start,
            (reservation.end - reservation.start) // MINUTE,
            reservation.end,
            None if size is None else int(size),
            reservation.created_at,
        )
        shown.show_hold(reservation, sees=sees)
        return shown


AnyReservation = ReservationBody | TableReservationBody


class PlaceBody(Struct):
    """A place that has been named. Whenever its reservations change, `revision` grows."""

    kind: Kind
    id: str
    name: str
    revision: int

    @classmethod
    def of(cls, known: KnownPlace, name: str) -> "PlaceBody":
        """The place as clients see it. A room that was only ever named is called what its id says."""
        return cls(known.place.kind, known.place.id, name, known.revision)


# Named for the description, where a generic type would be called after its modules.
ReservationPage = Annotated[Page[AnyReservation], Parameter(schema_component_key="ReservationPage")]
PlacePage = Annotated[Page[PlaceBody], Parameter(schema_component_key="PlacePage")]
