"""The use cases of the web app's pages of events: events with one's own seat, and attendees."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from holdfast.accounts import queries as accounts
from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller
from holdfast.database.connections import Database
from holdfast.events.availability import Availability
from holdfast.events.board import queries
from holdfast.events.board.bodies import BoardEvent
from holdfast.events.board.queries import Attendee
from holdfast.events.bodies import EventBody
from holdfast.http import fields


class EventBoard:
    """Made once in each process."""

    def __init__(self, database: Database, access: Access, availability: Availability) -> None:
        self._database = database
        self.access = access
        self._availability = availability

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
