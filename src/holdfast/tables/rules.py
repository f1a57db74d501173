"""What a table asks of those who reserve it through `/reservations`."""

from datetime import datetime

import msgspec
from msgspec import Struct

from holdfast.engine.claims import Place
from holdfast.engine.demands import Proposal
from holdfast.errors import HoldfastError, InvalidRequest, TableNotFound
from holdfast.http.fields import ID_MAX
from holdfast.tables import queries


def may_be_table(place: Place) -> bool:
    """Whether a place may be a table: somebody may have typed a number that none can have."""
    return place.kind == queries.TABLE and place.id.isdecimal() and int(place.id) <= ID_MAX


class TableSize(Struct, frozen=True):
    """How much room there is at a table."""

    seats: int


class TableDemand:
    """The demand of tables: see `engine/demands.py`. A table without facts is none."""

    facts = queries.FACTS

    def concerns(self, proposal: Proposal) -> bool:
        """Whether it may be a table."""
        return may_be_table(proposal.place)

    def against(self, facts: str | None, proposal: Proposal, now: datetime) -> HoldfastError | None:  # noqa: ARG002
        """`TableNotFound`, and `InvalidRequest` when a party that is new to the table does not fit."""
        if facts is None:
            return TableNotFound()
        before = proposal.before
        size = (proposal.details or {}).get("party_size")
        if before is not None and before.place == proposal.place and (before.details or {}).get("party_size") == size:
            # Whoever sits there may stay, whatever the table has become.
            return None
        is_too_large = size is not None and int(size) > msgspec.json.decode(facts, type=TableSize).seats
        return InvalidRequest({"party_size": "party_too_large"}) if is_too_large else None
