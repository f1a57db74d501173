"""What clients send and get, field by field."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import Parameter
from msgspec import UNSET, Struct, UnsetType

from holdfast.engine.claims import Kind, Reservation
from holdfast.http.fields import Name, Timestamp
from holdfast.http.paging import Page
from holdfast.reservations.queries import KnownPlace


class ReserveBody(Struct):
    """Which room, and from when until when (`[start_time, end_time)`). A room need not exist beforehand."""

    room_id: Name
    start_time: Timestamp
    end_time: Timestamp


class MoveBody(Struct):
    """What is to change; what is left out stays as it is."""

    room_id: Name | UnsetType = UNSET
    start_time: Timestamp | UnsetType = UNSET
    end_time: Timestamp | UnsetType = UNSET


class ReservationBody(Struct):
    """An active reservation. Times are UTC; the room is free again at `end_time`."""

    id: UUID
    room_id: str
    start_time: datetime
    end_time: datetime
    created_at: datetime

    @classmethod
    def of(cls, reservation: Reservation) -> "ReservationBody":
        """The reservation as clients see it."""
        return cls(
            reservation.id,
            reservation.place.id,
            reservation.start,
            reservation.end,
            reservation.created_at,
        )


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
ReservationPage = Annotated[Page[ReservationBody], Parameter(schema_component_key="ReservationPage")]
PlacePage = Annotated[Page[PlaceBody], Parameter(schema_component_key="PlacePage")]
