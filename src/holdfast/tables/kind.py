"""Tables as a kind of places: how they are reserved through `/reservations`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from holdfast.accounts.roles import Caller
from holdfast.database.connections import Connection
from holdfast.engine.claims import Interval, Place, Reservation
from holdfast.errors import HoldfastError, InvalidRequest, TableNotFound
from holdfast.http import fields
from holdfast.http.fields import Name, Timestamp
from holdfast.reservations.bodies import HeldBody, HoldSeconds
from holdfast.reservations.kind import Fields, PlaceKind, Plan, ReservationRequest
from holdfast.tables import queries
from holdfast.tables.changes import MINUTE, evening
from holdfast.tables.queries import TABLE, place_of
from holdfast.tables.rules import TableDemand, may_be_table

TableId = Annotated[int, Meta(ge=1, le=fields.ID_MAX, description="The table's id", extra={"rule": "table_id"})]
CustomerName = Annotated[Name, Meta(description="Who comes", examples=["Anna"])]
Minutes = Annotated[int, Meta(ge=1, le=1_440, description="For how long", extra={"rule": "minutes"})]
PartySize = Annotated[
    int,
    Meta(ge=1, le=1_000, description="How many come; not more than the table's seats", extra={"rule": "party_size"}),
]
EXAMPLE = UUID("01938a67-4a00-7f32-8d9e-6c5b4a392817")
EVENING = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
DETAILS = ("customer_name", "party_size")
"""The fields that are kept with a reservation as they are."""


class NewTableReservation(Struct):
    """Which table, for whom, from when and for how long."""

    table_id: TableId
    customer_name: CustomerName
    reservation_time: Timestamp
    duration_minutes: Minutes
    party_size: PartySize | None = None
    hold_seconds: HoldSeconds | None = None


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


class Floor:
    """The tables that there are. What nobody made is no table, and is not to be named."""

    is_strict = False

    def may_have(self, place: Place) -> bool:
        """Whether a table may have such an id."""
        return may_be_table(place)

    def asks(self, place: Place, caller: Caller, before: Reservation | None) -> bool:  # noqa: ARG002
        """Whether it is another table than before, whoever asks."""
        return before is None or before.place != place

    def refusal(self, caller: Caller, *, is_made: bool) -> HoldfastError | None:  # noqa: ARG002
        """`TableNotFound`."""
        return None if is_made else TableNotFound()

    async def find(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
        """What those of these tables are called that there are."""
        found = await queries.tables_by_id(connection, [int(table_id) for table_id in ids])
        return {str(table_id): table.name for table_id, table in found.items()}


class TableKind(PlaceKind):
    """Tables. There are none but those that somebody has made."""

    name = TABLE
    new = NewTableReservation
    body = TableReservationBody
    closed = TableNotFound
    types = (TABLE,)
    register = Floor()
    demand = TableDemand()
    examples = (
        NewTableReservation(7, "Anna", "2026-12-01T18:00:00Z", 120, 4),
        TableReservationBody(
            EXAMPLE,
            7,
            "Anna",
            EVENING,
            120,
            EVENING + 120 * MINUTE,
            4,
            datetime(2026, 11, 30, 9, 30, tzinfo=UTC),
        ),
    )

    def place_of(self, value: int) -> Place:
        """The table that a checked id names."""
        return place_of(value)

    def named(self, text: str) -> Place:
        """The table that a query names. Raises `InvalidRequest`."""
        return place_of(fields.number("table_id", text, rule="table_id"))

    def wish(self, data: NewTableReservation) -> ReservationRequest:
        """The table that a body asks for, when, and for whom. Raises `InvalidRequest`."""
        start = fields.moment("reservation_time", data.reservation_time)
        end = start + timedelta(minutes=data.duration_minutes)
        if end.year > fields.YEAR_MAX:
            raise InvalidRequest({"reservation_time": "timestamp"})
        details = {name: getattr(data, name) for name in DETAILS}
        return ReservationRequest(place_of(data.table_id), Interval(start, end), data.hold_seconds, details)

    def shown(self, reservation: Reservation, *, sees: bool) -> TableReservationBody:
        """The reservation as clients see it."""
        details = (reservation.details or {}) if sees else {}
        name, size = (details.get(each) for each in DETAILS)
        shown = TableReservationBody(
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

    def is_readable(self, reservation: Reservation) -> bool:
        """Whether a table may have this number, and a party this size."""
        size = (reservation.details or {}).get("party_size")
        return 0 < int(reservation.place.id) <= fields.ID_MAX and (size is None or 0 < int(size) <= fields.ID_MAX)

    def plan(self, found: Reservation, change: Fields) -> Plan:
        """The fields of a change as they are meant of this reservation. Raises `InvalidRequest`."""
        details = {name: change.more[name] for name in DETAILS if name in change.more}
        return Plan(change.target or found.place, *evening(found.interval, change), details or None)
