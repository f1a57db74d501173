"""`/api/events`, `/api/bookings` and `/metrics/{user_id}`: HTTP in, HTTP out. Field by field: docs/events.md."""

from typing import Annotated
from uuid import UUID

from litestar.params import Parameter

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller
from holdfast.engine.claims import SeatBooking
from holdfast.errors import Forbidden
from holdfast.events import answers
from holdfast.events.availability import Availability
from holdfast.events.bodies import (
    EventBody,
    EventChange,
    EventPage,
    NewEvent,
    NewSeatBooking,
    SeatBookingBody,
    SeatBookingPage,
    SeatStatisticsBody,
)
from holdfast.events.service import Chosen, Events
from holdfast.http import fields, idempotency
from holdfast.http.hot import Request, Response
from holdfast.http.idempotency import IdempotencyKey
from holdfast.http.operations import MAY_HAVE_TOKEN, Group
from holdfast.http.paging import LIMIT_DEFAULT, Cursor, IdPosition, NamePosition, PageLimit, page, read_cursor

Id = Annotated[str, Parameter(description="The id", schema_extra={"pattern": "^[1-9][0-9]{0,18}$"})]
events = Group("events", MAY_HAVE_TOKEN)


class EventsApi:
    """Events, how many of their seats are left, and booked seats."""

    def __init__(self, access: Access, availability: Availability, service: Events) -> None:
        self._access = access
        self._availability = availability
        self._events = service

    @events("GET", "/api/events", "List events in pages", refuses=(429,))
    async def list_events(self, request: Request, cursor: Cursor = None, limit: PageLimit = LIMIT_DEFAULT) -> EventPage:
        """The newest first."""
        before = None if cursor is None else read_cursor(cursor, IdPosition)
        await self._access.of(request)
        found = await self._events.page(before, limit)
        return page([EventBody.of(each) for each in found], limit, lambda last: last.id)

    @events("POST", "/api/events", "Make an event", answer="The event", refuses=(403, 429), reads=(IdempotencyKey,))
    async def create_event(self, request: Request, data: NewEvent) -> Response[EventBody]:
        """Under `ACCESS=token` admins only."""
        caller = await self._access.of(request)
        self._access.check_may_manage(caller)
        return idempotency.made(await self._events.create(data, idempotency.key_of(request, caller.name)))

    @events("GET", "/api/events/{event_id}", "Seats left", answer="The event", refuses=(404, 429), hot=True)
    async def get_event(self, request: Request, event_id: Id) -> Response[EventBody]:
        """An event as it is now: whatever was acknowledged before this was asked is in the answer."""
        found = fields.number("id", event_id)
        await self._access.of(request)
        return Response(200, await self._availability.of(found))

    @events("PATCH", "/api/events/{event_id}", "Change an event", refuses=(403, 404, 409, 429))
    async def change_event(self, request: Request, event_id: Id, data: EventChange) -> EventBody:
        """Its name, its seats, or both. Never fewer seats than are booked. Under `ACCESS=token` admins only."""
        found = fields.number("id", event_id)
        self._access.check_may_manage(await self._access.of(request))
        return EventBody.of(await self._events.change(found, data))

    @events(
        "POST",
        "/api/bookings/reserve",
        "Book a seat",
        answer="The booking",
        refuses=(403, 404, 409, 429),
        reads=(IdempotencyKey,),
        hot=True,
    )
    async def book_seat(self, request: Request, data: NewSeatBooking) -> Response[SeatBookingBody]:
        """One seat for each person. 409 `ALREADY_BOOKED` for a second one, `EVENT_FULL` when there is none left."""
        caller = await self._access.of(request)
        user_id = fields.canonical(data.user_id)
        self._access.check_may_act_for(caller, user_id)
        key = idempotency.key_of(request, caller.name)
        return answers.booked(await self._events.book(data.event_id, user_id, key, request.is_gone))

    @events("GET", "/api/bookings", "List bookings in pages", refuses=(403, 429))
    async def list_seat_bookings(
        self,
        request: Request,
        user_id: Annotated[str | None, Parameter(description="Only this person's")] = None,
        event_id: Annotated[str | None, Parameter(description="Only of this event")] = None,
        cursor: Cursor = None,
        limit: PageLimit = LIMIT_DEFAULT,
    ) -> SeatBookingPage:
        """The newest first; those of one event by person. Who may see only their own gets only those."""
        event = None if event_id is None else fields.number("event_id", event_id)
        user = None if user_id is None else fields.canonical(fields.name("user_id", user_id, fields.person))
        after: int | str | None = None
        if cursor is not None:
            after = read_cursor(cursor, IdPosition) if event is None else read_cursor(cursor, NamePosition)
        caller = await self._access.of(request)
        if not self._access.sees_all(caller):
            user = _own(caller, user)
        found = await self._events.bookings(Chosen(event, user), after, limit)
        bodies = [SeatBookingBody.of(each) for each in found]
        return page(bodies, limit, lambda last: last.id if event is None else last.user_id)

    @events("GET", "/api/bookings/{booking_id}", "One booking", refuses=(403, 404, 429))
    async def get_seat_booking(self, request: Request, booking_id: Id) -> SeatBookingBody:
        """404 for one that was cancelled, too."""
        found = fields.number("id", booking_id)
        caller = await self._access.of(request)
        booking = await self._events.booking(found)
        self._access.check_may_act_for(caller, booking.user_id)
        return SeatBookingBody.of(booking)

    @events("DELETE", "/api/bookings/{booking_id}", "Cancel a booking", refuses=(403, 404, 429))
    async def cancel_seat_booking(self, request: Request, booking_id: Id) -> None:
        """The seat is free at once."""
        found = fields.number("id", booking_id)
        caller = await self._access.of(request)
        booking = await self._events.booking(found)
        self._access.check_may_change(caller, _owner(booking))
        await self._events.cancel(booking)

    @events("GET", "/metrics/{user_id}", "What somebody has booked", refuses=(403,))
    async def get_seat_statistics(
        self, request: Request, user_id: Annotated[str, Parameter(description="Whoever has the seats")]
    ) -> SeatStatisticsBody:
        """Seats booked, cancelled and held now. Zeros for somebody nobody knows."""
        person = fields.canonical(fields.name("user_id", user_id, fields.person))
        self._access.check_may_act_for(await self._access.of(request), person)
        return SeatStatisticsBody.of(person, await self._events.statistics(person))


def _own(caller: Caller, wanted: str | None) -> str:
    """Whose bookings somebody gets who may see only their own. Raises `Forbidden` if they asked for another's."""
    if wanted is not None and wanted != caller.name:
        raise Forbidden
    return caller.name


def _owner(booking: SeatBooking) -> UUID | None:
    """The user whose booking it is, or `None` when it is made out to a name that is no user's."""
    return fields.identity(booking.user_id)
