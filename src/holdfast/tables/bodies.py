"""What clients of the tables contract send and get, field by field."""

from typing import Annotated

from litestar.params import Parameter
from msgspec import Meta, Struct

from holdfast.http.fields import Name
from holdfast.http.paging import Page
from holdfast.tables.queries import Table

Seats = Annotated[int, Meta(ge=1, le=1_000, description="How many sit there", extra={"rule": "table_seats"})]


class NewTable(Struct):
    """A table to be made."""

    name: Annotated[Name, Meta(description="What people call it", examples=["By the window"])]
    seats: Seats
    location: Annotated[Name, Meta(description="Where it stands", examples=["Terrace"])]


class TableBody(Struct):
    """A table."""

    id: int
    name: str
    seats: int
    location: str

    @classmethod
    def of(cls, table: Table) -> "TableBody":
        """The table as clients see it."""
        return cls(table.id, table.name, table.seats, table.location)


# Named for the description, where a generic type would be called after its modules.
TablePage = Annotated[Page[TableBody], Parameter(schema_component_key="TablePage")]
