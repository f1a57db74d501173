"""`/api/events`, `/api/bookings` and `/metrics/{user_id}`: HTTP in, HTTP out. Field by field: docs/events.md."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import Parameter

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller
from holdfast.engine.claims import Booking
from holdfast.errors import Forbidden
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
from holdfast.events.hot import HotEvents
from holdfast.events.service import Chosen, Events
from holdfast.http import fields, idempotency
from holdfast.http.bodies import JSON, StrictBody
from holdfast.http.docs import MAY_HAVE_TOKEN, refusals
from holdfast.http.handlers import Cursor, IdempotencyKey, PageLimit, asked, response
from holdfast.http.idempotency import REPLAYED
from holdfast.http.paging import LIMIT_DEFAULT, IdPosition, NamePosition, page, read_cursor

BOOKED = {201: ResponseSpec(SeatBookingBody, description="The booking", generate_examples=False)}
EVENT_MADE = {201: ResponseSpec(EventBody, description="The event", generate_examples=False)}
EVENT_SHOWN = {200: ResponseSpec(EventBody, description="The event", generate_examples=False)}

Id = Annotated[str, Parameter(description="The id", schema_extra={"pattern": "^[1-9][0-9]{0,18}$"})]


class EventsApi(Controller):
    """Events and how many of their seats are left."""

    path = "/api/events"
    tags = ("events",)
    security = MAY_HAVE_TOKEN

    @get(summary="List events in pages", responses=refusals(400, 401, 429))
    async def list_events(
        self,
        request: Request[Any, Any, Any],
        events: Events,
        access: Access,
        cursor: Cursor = None,
        limit: PageLimit = LIMIT_DEFAULT,
    ) -> EventPage:
        """The newest first."""
        before = None if cursor is None else read_cursor(cursor, IdPosition)
        await _caller(request, access)
        found = await events.page(before, limit)
        return page([EventBody.of(each) for each in found], limit, lambda last: last.id)

    @post(
        dto=StrictBody[NewEvent],
        return_dto=None,
        summary="Make an event",
        responses=EVENT_MADE | refusals(400, 401, 403, 413, 415, 422, 429),
    )
    async def create_event(
        self,
        data: NewEvent,
        request: Request[Any, Any, Any],
        events: Events,
        access: Access,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[bytes]:
        """Under `ACCESS=token` admins only."""
        caller = await _caller(request, access)
        access.check_may_manage(caller)
        key = idempotency.key_of(asked(request, await request.body()), caller.name)
        made = await events.create(data, key)
        headers = {REPLAYED: "true"} if made.replayed else {}
        return Response(made.body, status_code=201, headers=headers, media_type=JSON)

    @get("/{event_id:str}", summary="Seats left", responses=EVENT_SHOWN | refusals(400, 401, 404, 429))
    async def get_event(self, event_id: Id, request: Request[Any, Any, Any], hot_events: HotEvents) -> Response[bytes]:
        """An event as it is now: whatever was acknowledged before this was asked is in the answer."""
        return response(await hot_events.seats(asked(request, rest=event_id)))

    @patch(
        "/{event_id:str}",
        dto=StrictBody[EventChange],
        return_dto=None,
        summary="Change an event",
        responses=refusals(400, 401, 403, 404, 409, 413, 415, 429),
    )
    async def change_event(
        self, event_id: Id, data: EventChange, request: Request[Any, Any, Any], events: Events, access: Access
    ) -> EventBody:
        """Its name, its seats, or both. Never fewer seats than are booked. Under `ACCESS=token` admins only."""
        found = fields.number("id", event_id)
        access.check_may_manage(await _caller(request, access))
        return EventBody.of(await events.change(found, data))


class SeatsApi(Controller):
    """Booked seats."""

    path = "/api/bookings"
    tags = ("events",)
    security = MAY_HAVE_TOKEN

    @post(
        "/reserve",
        dto=StrictBody[NewSeatBooking],
        return_dto=None,
        summary="Book a seat",
        responses=BOOKED | refusals(400, 401, 403, 404, 409, 413, 415, 422, 429),
        response_headers=[ResponseHeader(name="Location", description="The booking", documentation_only=True)],
    )
    async def book_seat(
        self,
        data: NewSeatBooking,
        request: Request[Any, Any, Any],
        hot_events: HotEvents,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[bytes]:
        """One seat for each person. 409 `ALREADY_BOOKED` for a second one, `EVENT_FULL` when there is none left."""
        return response(await hot_events.book(data, asked(request, await request.body())))

    @get(summary="List bookings in pages", responses=refusals(400, 401, 403, 429))
    async def list_seat_bookings(
        self,
        request: Request[Any, Any, Any],
        events: Events,
        access: Access,
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
        caller = await _caller(request, access)
        if not access.sees_all(caller):
            user = _own(caller, user)
        found = await events.bookings(Chosen(event, user), after, limit)
        bodies = [SeatBookingBody.of(each) for each in found]
        return page(bodies, limit, lambda last: last.id if event is None else last.user_id)

    @get("/{booking_id:str}", summary="One booking", responses=refusals(400, 401, 403, 404, 429))
    async def get_seat_booking(
        self, booking_id: Id, request: Request[Any, Any, Any], events: Events, access: Access
    ) -> SeatBookingBody:
        """404 for one that was cancelled, too."""
        found = fields.number("id", booking_id)
        caller = await _caller(request, access)
        booking = await events.booking(found)
        access.check_may_act_for(caller, booking.user_id)
        return SeatBookingBody.of(booking)

    @delete("/{booking_id:str}", summary="Cancel a booking", responses=refusals(400, 401, 403, 404, 429))
    async def cancel_seat_booking(
        self, booking_id: Id, request: Request[Any, Any, Any], events: Events, access: Access
    ) -> None:
        """The seat is free at once."""
        found = fields.number("id", booking_id)
        caller = await _caller(request, access)
        booking = await events.booking(found)
        access.check_may_change(caller, _owner(booking))
        await events.cancel(booking)


@get(
    "/metrics/{user_id:str}",
    tags=["events"],
    summary="What somebody has booked",
    responses=refusals(400, 401, 403),
    security=MAY_HAVE_TOKEN,
)
async def get_seat_statistics(
    user_id: Annotated[str, Parameter(description="Whoever has the seats")],
    request: Request[Any, Any, Any],
    events: Events,
    access: Access,
) -> SeatStatisticsBody:
    """Seats booked, cancelled and held now. Zeros for somebody nobody knows."""
    person = fields.canonical(fields.name("user_id", user_id, fields.person))
    access.check_may_act_for(await _caller(request, access), person)
    return SeatStatisticsBody.of(person, await events.statistics(person))


async def _caller(request: Request[Any, Any, Any], access: Access) -> Caller:
    return await access.caller(request.headers.get("authorization"))


def _own(caller: Caller, asked: str | None) -> str:
    """Whose bookings somebody gets who may see only their own. Raises `Forbidden` if they asked for another's."""
    if asked is not None and asked != caller.name:
        raise Forbidden
    return caller.name


def _owner(booking: Booking) -> UUID | None:
    """The user whose booking it is, or `None` when it is made out to a name that is no user's."""
    return fields.identity(booking.user_id)
