"""The use cases of events: make and change them, book a seat, cancel, look up, list, count."""

from collections.abc import Callable

import msgspec
import uuid_utils.compat as uuids
from msgspec import UNSET, Struct

from holdfast.clock import Clock
from holdfast.database.connections import Connection, Database, translated
from holdfast.engine.claims import Change, Edit, Edited, Key, Made, Seat, SeatBooking, Seated, Verdict
from holdfast.engine.committer import Committer
from holdfast.engine.statements import event_place
from holdfast.errors import BookingNotFound, EventNotFound, InvalidRequest, SeatsAlreadyBooked
from holdfast.events import lists, queries
from holdfast.events.bodies import EventBody, EventChange, NewEvent
from holdfast.events.lists import Statistics
from holdfast.events.queries import Event
from holdfast.http import fields


class Chosen(Struct, frozen=True):
    """Which bookings a list is narrowed to; `None` narrows nothing."""

    event_id: int | None = None
    user_id: str | None = None


class Events:
    """The events of this installation. Made once in each process."""

    def __init__(self, database: Database, committer: Committer, clock: Clock) -> None:
        self._database = database
        self._committer = committer
        self._clock = clock

    async def book(
        self, event_id: int, user_id: str, key: Key | None, is_gone: Callable[[], bool] | None = None
    ) -> Verdict:
        """Book somebody a seat; dropped if the caller `is_gone` before it is begun."""
        change = Change(uuids.uuid7(), event_place(event_id), takes=Seat(user_id), key=key)
        return await self._committer.submit(change, is_gone)

    async def cancel(self, booking: SeatBooking) -> None:
        """Give a seat back. Raises `BookingNotFound` when somebody else was quicker."""
        verdict = await self._committer.submit(Change(uuids.uuid7(), booking.place, gives=booking.id))
        if not isinstance(verdict, Seated):
            raise BookingNotFound

    async def booking(self, booking_id: int) -> SeatBooking:
        """One booking. Raises `BookingNotFound`."""
        async with self._database.begin() as connection:
            found = await lists.find_booking(connection, booking_id)
        if found is None:
            raise BookingNotFound
        return found

    async def bookings(self, chosen: Chosen, after: int | str | None, limit: int) -> list[SeatBooking]:
        """One page of bookings, and one more: an event's by person, all others the newest first."""
        async with self._database.begin() as connection:
            if chosen.event_id is None:
                before = after if isinstance(after, int) else None
                return await lists.newest_bookings(connection, chosen.user_id, before=before, limit=limit + 1)
            person = after if isinstance(after, str) else None
            return await lists.attendees(connection, chosen.event_id, chosen.user_id, after=person, limit=limit + 1)

    async def page(self, before: int | None, limit: int) -> list[Event]:
        """One page of events, the newest first, and one more."""
        async with self._database.begin() as connection:
            return await lists.newest_events(connection, before=before, limit=limit + 1)

    async def create(self, data: NewEvent, key: Key | None) -> Made:
        """Make an event. Raises `IdempotencyKeyReused`."""
        now = self._clock()
        with translated():
            async with self._database.engine_connection() as connection:
                event = Event(await queries.new_id(connection), data.name, data.total_seats, 0, 0)

        async def work(connection: Connection, _: int | None) -> Edited:
            await queries.insert_event(connection, event, now)
            return Edited(msgspec.json.encode(EventBody.of(event)), [("event.created", _told(event))])

        return await self._committer.edit(event_place(event.id), Edit(work), key)

    async def change(self, event_id: int, change: EventChange) -> Event:
        """Rename an event, or give it more or fewer seats.

        Raises `EventNotFound`, `InvalidRequest` for a field that cannot be changed, `SeatsAlreadyBooked`.
        """
        became: list[Event] = []

        async def work(connection: Connection, _: int | None) -> Edited:
            event = (await queries.events_by_id(connection, [event_id])).get(event_id)
            if event is None:
                raise EventNotFound
            _check_fixed(event, change)
            changed = _changed(event, change)
            became.append(changed)
            if changed == event:
                return Edited(b"")
            await queries.update_event(connection, changed)
            return Edited(b"", [("event.changed", _told(changed))])

        await self._committer.edit(event_place(event_id), Edit(work))
        return became[-1]

    async def statistics(self, user_id: str) -> Statistics:
        """What somebody has booked and cancelled, and holds."""
        async with self._database.begin() as connection:
            return await lists.statistics(connection, user_id)


def _check_fixed(event: Event, change: EventChange) -> None:
    has = EventBody.of(event)
    faults = fields.changed(
        id=(change.id, has.id),
        booked_seats=(change.booked_seats, has.booked_seats),
        available_seats=(change.available_seats, has.available_seats),
    )
    if faults:
        raise InvalidRequest(faults)


def _changed(event: Event, change: EventChange) -> Event:
    name = event.name if change.name is UNSET else change.name
    seats = event.total_seats if change.total_seats is UNSET else change.total_seats
    if seats < event.booked_seats and seats != event.total_seats:
        raise SeatsAlreadyBooked({"booked_seats": event.booked_seats})
    return msgspec.structs.replace(event, name=name, total_seats=seats)


def _told(event: Event) -> dict[str, str | int]:
    """What messages say of an event."""
    return {"name": event.name, "total_seats": event.total_seats}
