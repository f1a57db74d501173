"""What clients get, field by field. In JSON, names are in camelCase."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from holdfast.reservations.bodies import HoldState
from holdfast.tables.queries import Table


class FloorTable(Struct, rename="camel"):
    """A restaurant's table."""

    id: int
    name: str
    seats: int
    location: str

    @classmethod
    def of(cls, table: Table) -> "FloorTable":
        """The table as the web app gets it."""
        return cls(table.id, table.name, table.seats, table.location)


class FloorReservation(Struct, rename="camel"):
    """Who has a table from when until when. For whom it is, is null to those who may not know."""

    id: UUID
    table_id: int
    start: datetime
    end: datetime
    is_mine: bool
    may_change: bool
    customer_name: str | None
    party_size: int | None
    state: HoldState | UnsetType = UNSET
    expires_at: datetime | UnsetType = UNSET


class FloorAnswer(Struct, rename="camel"):
    """All tables by id, and who has them, by start. `is_complete` is false when there is more than one answer holds."""

    tables: list[FloorTable]
    reservations: list[FloorReservation]
    is_complete: bool
