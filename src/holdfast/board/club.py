"""The use cases of the club's and the restaurant's pages: events with one's own seat, attendees, the floor."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from holdfast.accounts import queries as accounts
from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller
from holdfast.board import queries
from holdfast.board.bodies import BoardEvent, FloorAnswer, FloorReservation, FloorTable
from holdfast.board.queries import Attendee
from holdfast.board.service import RESERVATIONS_MAX
from holdfast.database.connections import Database
from holdfast.engine.claims import Reservation, State
from holdfast.events.availability import Availability
from holdfast.events.bodies import EventBody
from holdfast.http import fields
from holdfast.reservations import queries as reservations
from holdfast.reservations.bodies import end_of_hold, state_of
from holdfast.reservations.kinds import Kinds
from holdfast.reservations.queries import Filter, Window
from holdfast.tables.kind import TableKind


class Club:
    """Made once in each process."""

    def __init__(self, database: Database, access: Access, availability: Availability, kinds: Kinds) -> None:
        self._database = database
        self.access = access
        self._availability = availability
        self._kinds = kinds

    async def events(self, caller: Caller, search: str, before: int | None, limit: int) -> list[BoardEvent]:
        """One page of events with these letters in their name, the newest first, and one more."""
        async with self._database.begin() as connection:
            found = await queries.events_called(connection, search, before=before, limit=limit + 1)
            own: Mapping[int, int] = {}
            if caller.user_id is not None and found:
                own = await queries.seats_of(connection, caller.name, [each.id for each in found])
        return [BoardEvent.of(EventBody.of(each), own.get(each.id)) for each in found]

    async def event(self, caller: Caller, event_id: int) -> BoardEvent:
        """One event as it is now. Raises `EventNotFound`."""
        # Hundreds may watch one event sell out: they share what is known of it.
        event = msgspec.json.decode(await self._availability.of(event_id), type=EventBody)
        if caller.user_id is None:
            return BoardEvent.of(event, None)
        async with self._database.begin() as connection:
            own = await queries.seats_of(connection, caller.name, [event_id])
        return BoardEvent.of(event, own.get(event_id))

    async def attendees(
        self, event_id: int, search: str, after: str | None, limit: int
    ) -> tuple[list[Attendee], Mapping[UUID, str]]:
        """One page of those who have a seat, and one more; and the addresses of those with an account."""
        async with self._database.begin() as connection:
            found = await queries.attendees(connection, event_id, search, after=after, limit=limit + 1)
            known = {account for each in found if (account := fields.identity(each.user_id)) is not None}
            return found, await accounts.emails(connection, known) if known else {}

    async def floor(self, caller: Caller, window: Window) -> FloorAnswer:
        """All tables, and who has them within the window."""
        chosen = Filter(window, types=TableKind.types)
        async with self._database.begin() as connection:
            tables = await queries.all_tables(connection)
            found = await reservations.of_all(connection, self._kinds, chosen, after=None, limit=RESERVATIONS_MAX + 1)
        shown = [self._shown(each, caller) for each in found[:RESERVATIONS_MAX]]
        return FloorAnswer([FloorTable.of(each) for each in tables], shown, len(found) <= RESERVATIONS_MAX)

    def _shown(self, held: Reservation, caller: Caller) -> FloorReservation:
        is_mine = held.user_id is not None and held.user_id == caller.user_id
        details = (held.details or {}) if is_mine or self.access.sees_all(caller) else {}
        name, size = details.get("customer_name"), details.get("party_size")
        # Of a hold without an owner nobody here knows the secret.
        may_change = self.access.is_theirs if held.state is State.HELD else self.access.may_change
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
