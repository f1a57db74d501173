"""`/rooms` and `/bookings`: HTTP in, HTTP out. Field by field: docs/rooms.md."""

from typing import Annotated, Any
from uuid import UUID

import uuid_utils.compat as uuids
from litestar import Controller, Request, Response, get, post
from litestar.openapi import ResponseSpec
from litestar.params import Parameter

from holdfast.accounts.guards import admins, caller_of, signed_in, users
from holdfast.accounts.roles import Caller
from holdfast.http import idempotency
from holdfast.http.bodies import StrictBody
from holdfast.http.docs import NEEDS_TOKEN, refusals
from holdfast.http.handlers import IdempotencyKey, IfNoneMatch, asked, response
from holdfast.http.paging import PAGE_SIZE_DEFAULT, PageNumber, PageSize, Pagination
from holdfast.rooms import answers, requests
from holdfast.rooms.bodies import (
    NewRoom,
    NewSchedule,
    NewSlotBooking,
    RoomAnswer,
    RoomBody,
    RoomsAnswer,
    ScheduleAnswer,
    SlotBookingAnswer,
    SlotBookingBody,
    SlotBookingPage,
    SlotBookingsAnswer,
    SlotsAnswer,
)
from holdfast.rooms.bookings import Bookings
from holdfast.rooms.hot import HotRooms
from holdfast.rooms.service import Rooms

ROOM_MADE = {201: ResponseSpec(RoomAnswer, description="The room", generate_examples=False)}
SCHEDULE_MADE = {201: ResponseSpec(ScheduleAnswer, description="The schedule", generate_examples=False)}
BOOKED = {201: ResponseSpec(SlotBookingAnswer, description="The booking", generate_examples=False)}
SLOTS_LISTED = {
    200: ResponseSpec(SlotsAnswer, description="By start", generate_examples=False),
    304: ResponseSpec(None, description="Nothing has changed since the `ETag` in `If-None-Match`"),
}

RoomId = Annotated[str, Parameter(description="The room's id", schema_extra={"format": "uuid"})]
BookingId = Annotated[str, Parameter(description="The booking's id", schema_extra={"format": "uuid"})]
Date = Annotated[
    str,
    Parameter(description="YYYY-MM-DD, in UTC", schema_extra={"format": "date", "examples": ["2026-12-01"]}),
]


class RoomsApi(Controller):
    """Managed rooms, their schedules and their slots."""

    path = "/rooms"
    tags = ("rooms",)
    security = NEEDS_TOKEN

    @get("/list", guards=[signed_in], summary="List rooms", responses=refusals(401))
    async def list_rooms(self, rooms: Rooms) -> RoomsAnswer:
        """All rooms that can be booked, in the order in which they were made."""
        return RoomsAnswer([RoomBody.of(each) for each in await rooms.all()])

    @post(
        "/create",
        guards=[admins],
        dto=StrictBody[NewRoom],
        return_dto=None,
        summary="Make a room",
        responses=ROOM_MADE | refusals(400, 401, 403, 413, 415, 422),
    )
    async def create_room(
        self,
        data: NewRoom,
        request: Request[Any, Any, Any],
        rooms: Rooms,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[bytes]:
        """Admins only. The room has no slots until it has a schedule."""
        sent = asked(request, await request.body())
        caller = caller_of(request)
        return response(answers.made(await rooms.create(data, idempotency.key_of(sent, caller.name))))

    @post(
        "/{room_id:str}/schedule/create",
        guards=[admins],
        dto=StrictBody[NewSchedule],
        return_dto=None,
        summary="Give a room its schedule",
        responses=SCHEDULE_MADE | refusals(400, 401, 403, 404, 409, 413, 415, 422),
    )
    async def create_schedule(
        self,
        room_id: RoomId,
        data: NewSchedule,
        request: Request[Any, Any, Any],
        rooms: Rooms,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[bytes]:
        """Admins only, and only once: a schedule cannot be changed."""
        sent = asked(request, await request.body())
        caller = caller_of(request)
        found = requests.identity("roomId", room_id)
        wanted = requests.schedule(data, uuids.uuid7())
        return response(answers.made(await rooms.schedule(found, wanted, idempotency.key_of(sent, caller.name))))

    @post(
        "/{room_id:str}/retire",
        guards=[admins],
        status_code=200,
        summary="Take no new bookings of a room",
        responses=refusals(400, 401, 403, 404),
    )
    async def retire_room(self, room_id: RoomId, rooms: Rooms) -> RoomAnswer:
        """Admins only. What is booked stays booked. Done twice, it is done once."""
        return RoomAnswer(RoomBody.of(await rooms.retire(requests.identity("roomId", room_id))))

    @get(
        "/{room_id:str}/slots/list",
        guards=[signed_in],
        summary="Free slots of a day",
        responses=SLOTS_LISTED | refusals(400, 401, 404),
    )
    async def list_slots(
        self,
        room_id: RoomId,
        request: Request[Any, Any, Any],
        hot_rooms: HotRooms,
        date: Date,  # noqa: ARG002  for the description; read by the hot call
        if_none_match: IfNoneMatch = None,  # noqa: ARG002  likewise
    ) -> Response[bytes]:
        """Half hours that nobody holds, those that have passed too. Empty without a schedule.

        The answer has an `ETag`, which changes whenever the room's reservations or its schedule do.
        """
        return response(await hot_rooms.slots(asked(request, rest=room_id)))


class BookingsApi(Controller):
    """Booked slots."""

    path = "/bookings"
    tags = ("bookings",)
    security = NEEDS_TOKEN

    @post(
        "/create",
        guards=[users],
        dto=StrictBody[NewSlotBooking],
        return_dto=None,
        summary="Book a slot",
        responses=BOOKED | refusals(400, 401, 403, 404, 409, 413, 415, 422, 500, 502),
    )
    async def book_slot(
        self,
        data: NewSlotBooking,
        request: Request[Any, Any, Any],
        hot_rooms: HotRooms,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[bytes]:
        """For the token's user. 409 when anybody holds any of it."""
        sent = asked(request, await request.body())
        caller = caller_of(request)
        return response(await hot_rooms.book(data, sent, caller, _user_id(caller)))

    @get("/list", guards=[admins], summary="List all bookings in pages", responses=refusals(400, 401, 403))
    async def list_slot_bookings(
        self, bookings: Bookings, page: PageNumber = 1, page_size: PageSize = PAGE_SIZE_DEFAULT
    ) -> SlotBookingPage:
        """Admins only. Newest first, cancelled ones too."""
        found, total = await bookings.page(page, page_size)
        return SlotBookingPage([SlotBookingBody.of(each) for each in found], Pagination(page, page_size, total))

    @get("/my", guards=[users], summary="One's own bookings", responses=refusals(401, 403))
    async def list_own_slot_bookings(self, request: Request[Any, Any, Any], bookings: Bookings) -> SlotBookingsAnswer:
        """Bookings of the token's user on slots that start now or later, by start; cancelled ones too."""
        found = await bookings.of_user(_user_id(caller_of(request)))
        return SlotBookingsAnswer([SlotBookingBody.of(each) for each in found])

    @post(
        "/{booking_id:str}/cancel",
        guards=[users],
        status_code=200,
        summary="Cancel a booking",
        responses=refusals(400, 401, 403, 404),
    )
    async def cancel_slot_booking(
        self, booking_id: BookingId, request: Request[Any, Any, Any], bookings: Bookings
    ) -> SlotBookingAnswer:
        """The slot is free at once. A booking that was cancelled before stays so, and is answered too."""
        found = requests.identity("bookingId", booking_id)
        user_id = _user_id(caller_of(request))
        return SlotBookingAnswer(SlotBookingBody.of(await bookings.cancel(found, user_id)))


def _user_id(caller: Caller) -> UUID:
    assert caller.user_id is not None, "the guards let nobody in without a token"
    return caller.user_id
