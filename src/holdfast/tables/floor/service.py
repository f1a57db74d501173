"""The use case of the floor's page: all tables, and who has them."""

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller
from holdfast.database.connections import Database
from holdfast.engine.claims import Reservation, State
from holdfast.reservations import queries as reservations
from holdfast.reservations.bodies import end_of_hold, state_of
from holdfast.reservations.kinds import Kinds
from holdfast.reservations.queries import Filter, Window
from holdfast.reservations.stretches import SHOWN_MAX
from holdfast.tables.floor import queries
from holdfast.tables.floor.bodies import FloorAnswer, FloorReservation, FloorTable
from holdfast.tables.kind import TableKind


class FloorBoard:
    """Made once in each process."""

    def __init__(self, database: Database, access: Access, kinds: Kinds) -> None:
        self._database = database
        self._access = access
        self._kinds = kinds

    async def stretch(self, caller: Caller, window: Window) -> FloorAnswer:
        """All tables, and who has them within the window."""
        chosen = Filter(window, types=TableKind.types)
        async with self._database.begin() as connection:
            tables = await queries.all_tables(connection)
            found = await reservations.of_all(connection, self._kinds, chosen, after=None, limit=SHOWN_MAX + 1)
        shown = [self._shown(each, caller) for each in found[:SHOWN_MAX]]
        return FloorAnswer([FloorTable.of(each) for each in tables], shown, len(found) <= SHOWN_MAX)

    def _shown(self, held: Reservation, caller: Caller) -> FloorReservation:
        is_mine = held.user_id is not None and held.user_id == caller.user_id
        details = (held.details or {}) if is_mine or self._access.sees_all(caller) else {}
        name, size = details.get("customer_name"), details.get("party_size")
        # Of a hold without an owner nobody here knows the secret.
        may_change = self._access.is_theirs if held.state is State.HELD else self._access.may_change
        return FloorReservation(
            held.id,
            int(held.place.id),
            held.start,
            held.end,
            is_mine,
            may_change(caller, held.user_id),
            None if name is None else str(name),
            None if size is None else int(size),
            state_of(held),
            end_of_hold(held),
        )
