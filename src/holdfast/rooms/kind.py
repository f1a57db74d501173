"""Rooms as a kind of places: how they are reserved through `/reservations`, and what a managed one asks of callers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from holdfast.accounts.roles import Caller, Role
from holdfast.database.connections import Connection
from holdfast.engine.claims import RANGE, Place, Reservation
from holdfast.errors import Forbidden, HoldfastError, RoomClosed, Unauthorized
from holdfast.http import fields
from holdfast.http.fields import Key, Timestamp
from holdfast.reservations import requests
from holdfast.reservations.bodies import HeldBody, HoldSeconds
from holdfast.reservations.kind import PlaceKind, ReservationRequest
from holdfast.rooms import queries
from holdfast.rooms.queries import ROOM, SLOT_TYPE
from holdfast.rooms.rules import RoomDemand, may_be_managed


class NewReservation(Struct):
    """Which room, and from when until when (`[start_time, end_time)`). A room need not exist beforehand."""

    room_id: Key
    start_time: Timestamp
    end_time: Timestamp
    hold_seconds: HoldSeconds | None = None


class ReservationBody(HeldBody):
    """An active reservation. Times are UTC; the room is free again at `end_time`."""

    id: UUID
    room_id: str
    start_time: datetime
    end_time: datetime
    created_at: datetime


class ManagedRooms:
    """The rooms that an admin has made. All others may be reserved by anybody who names them."""

    is_strict = True

    def may_have(self, place: Place) -> bool:
        """Whether the id is one that such rooms have."""
        return may_be_managed(place)

    def asks(self, place: Place, caller: Caller, before: Reservation | None) -> bool:
        """Whether the caller may be kept out of a managed room. To move there is to reserve it.

        A user's own reservation may be moved there, and a user's whom an admin helps.
        """
        if not may_be_managed(place):
            return False
        if before is None:
            return caller.role is not Role.USER
        is_own = caller.user_id is not None and before.user_id == caller.user_id
        is_users = caller.user_id is not None and before.user_id is not None
        return before.place != place and not (is_users and is_own != (caller.role is Role.ADMIN))

    def refusal(self, caller: Caller, *, is_made: bool) -> HoldfastError | None:
        """`Unauthorized` or `Forbidden` for a managed room."""
        if not is_made:
            return None
        return Unauthorized() if caller.user_id is None else Forbidden()

    async def find(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
        """What the managed ones among these rooms are called."""
        found = await queries.rooms_by_id(connection, [UUID(room_id) for room_id in ids])
        return {str(room_id): room.name for room_id, room in found.items()}


class RoomKind(PlaceKind):
    """Rooms. Any may be named; those that an admin made are managed."""

    name = ROOM
    new = NewReservation
    body = ReservationBody
    closed = RoomClosed
    types = (RANGE, SLOT_TYPE)
    register = ManagedRooms()
    demand = RoomDemand()
    examples = (
        NewReservation("blue-room", "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z"),
        ReservationBody(
            UUID("01938a66-3f00-7e21-9c8d-7b6a59483726"),
            "blue-room",
            datetime(2026, 12, 1, 10, 0, tzinfo=UTC),
            datetime(2026, 12, 1, 11, 0, tzinfo=UTC),
            datetime(2026, 11, 30, 9, 30, tzinfo=UTC),
        ),
    )

    def place_of(self, value: str) -> Place:
        """The room that a checked id names."""
        return Place(ROOM, fields.canonical(value))

    def named(self, text: str) -> Place:
        """The room that a path or a query names. Raises `InvalidRequest`."""
        return self.place_of(fields.name("room_id", text))

    def wish(self, data: NewReservation) -> ReservationRequest:
        """The room and the time that a body asks for."""
        interval = requests.interval(data.start_time, data.end_time)
        return ReservationRequest(self.place_of(data.room_id), interval, data.hold_seconds)

    def shown(self, reservation: Reservation, *, sees: bool) -> ReservationBody:
        """The reservation as clients see it."""
        shown = ReservationBody(
            reservation.id, reservation.place.id, reservation.start, reservation.end, reservation.created_at
        )
        shown.show_hold(reservation, sees=sees)
        return shown

    def is_readable(self, reservation: Reservation) -> bool:
        """Whether the link of a booking is one."""
        link = None if reservation.details is None else reservation.details.get("conference_link")
        return link is None or isinstance(link, str)
