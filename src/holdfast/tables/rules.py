"""What a table asks of those who reserve it through `/reservations`."""

import asyncio
from collections.abc import Iterable, Mapping

from holdfast.engine.claims import Place
from holdfast.errors import InvalidRequest, TableNotFound
from holdfast.http.fields import ID_MAX
from holdfast.tables.service import Tables


class FloorRules:
    """The rules of tables: they exist, and are large enough."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def check(self, place: Place, party_size: int | None) -> None:
        """Raises `TableNotFound`, and `InvalidRequest` when so many do not fit."""
        table = await self._tables.find(int(place.id))
        if table is None:
            raise TableNotFound
        if party_size is not None and party_size > table.seats:
            raise InvalidRequest({"party_size": "party_too_large"})

    async def names(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """What these tables are called, of those that there are."""
        # Somebody may have typed a number that no table can have.
        asked = [place for place in places if place.id.isdecimal() and int(place.id) <= ID_MAX]
        found = await asyncio.gather(*(self._tables.find(int(place.id)) for place in asked))
        return {place: table.name for place, table in zip(asked, found, strict=True) if table is not None}
