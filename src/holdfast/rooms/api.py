"""`/rooms` and `/bookings`: HTTP in, HTTP out. Field by field: docs/rooms.md."""

from typing import Annotated

import uuid_utils.compat as uuids
from litestar.params import Parameter, QueryParameter

from holdfast.accounts.access import Access
from holdfast.accounts.guards import ADMINS, SIGNED_IN, USERS, caller_of, signed_in, user_of
from holdfast.errors import InvalidRequest
from holdfast.http import idempotency
from holdfast.http.compression import packed
from holdfast.http.hot import Request, Response
from holdfast.http.idempotency import IdempotencyKey
from holdfast.http.operations import Group
from holdfast.http.paging import PAGE_SIZE_DEFAULT, PageNumber, PageSize, Pagination
from holdfast.http.tags import NOT_MODIFIED, UNCHANGED, IfNoneMatch, tagged
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
from holdfast.rooms.bookings import Bookings, SlotRequest
from holdfast.rooms.days import Days
from holdfast.rooms.service import Rooms

RoomId = Annotated[str, Parameter(description="The room's id", schema_extra={"format": "uuid"})]
BookingId = Annotated[str, Parameter(description="The booking's id", schema_extra={"format": "uuid"})]
Date = Annotated[
    str,
    QueryParameter(
        name="date",
        description="YYYY-MM-DD, in UTC",
        schema_extra={"format": "date", "examples": ["2026-12-01"]},
    ),
]
SELF_CHECKED = SIGNED_IN._replace(check=None)
"""Looked at by the operation itself, together with something else."""

rooms = Group("rooms", ADMINS)
bookings = Group("bookings", USERS)


class RoomsApi:
    """Managed rooms, their schedules and their slots; booked slots."""

    def __init__(self, access: Access, service: Rooms, days: Days, of_slots: Bookings) -> None:
        self._access = access
        self._rooms = service
        self._days = days
        self._bookings = of_slots

    @rooms("GET", "/rooms/list", "List rooms", callers=SIGNED_IN)
    async def list_rooms(self) -> RoomsAnswer:
        """All rooms that can be booked, in the order in which they were made."""
        return RoomsAnswer([RoomBody.of(each) for each in await self._rooms.all()])

    @rooms("POST", "/rooms/create", "Make a room", answer="The room", reads=(IdempotencyKey,))
    async def create_room(self, request: Request, data: NewRoom) -> Response[RoomAnswer]:
        """Admins only. The room has no slots until it has a schedule."""
        key = idempotency.key_of(request, caller_of(request).name)
        return idempotency.made(await self._rooms.create(data, key))

    @rooms(
        "POST",
        "/rooms/{room_id}/schedule/create",
        "Give a room its schedule",
        answer="The schedule",
        refuses=(404, 409),
        reads=(IdempotencyKey,),
    )
    async def create_schedule(self, request: Request, room_id: RoomId, data: NewSchedule) -> Response[ScheduleAnswer]:
        """Admins only, and only once: a schedule cannot be changed."""
        found = requests.identity("roomId", room_id)
        wanted = requests.schedule(data, uuids.uuid7())
        key = idempotency.key_of(request, caller_of(request).name)
        return idempotency.made(await self._rooms.schedule(found, wanted, key))

    @rooms("POST", "/rooms/{room_id}/retire", "Take no new bookings of a room", status=200, refuses=(404,))
    async def retire_room(self, room_id: RoomId) -> RoomAnswer:
        """Admins only. What is booked stays booked. Done twice, it is done once."""
        return RoomAnswer(RoomBody.of(await self._rooms.retire(requests.identity("roomId", room_id))))

    @rooms(
        "GET",
        "/rooms/{room_id}/slots/list",
        "Free slots of a day",
        callers=SELF_CHECKED,
        answer="By start",
        answers=UNCHANGED,
        refuses=(404,),
        reads=(Date, IfNoneMatch),
        hot=True,
    )
    async def list_slots(self, request: Request, room_id: RoomId) -> Response[SlotsAnswer]:
        """Half hours that nobody holds, those that have passed too. Empty without a schedule.

        The answer has an `ETag`, which changes whenever the room's reservations or its schedule do.
        """
        wanted, fault = _room_day(room_id, request.query)
        # Asked together with who the caller is, which saves a trip to the database; told to nobody before.
        tag = None if wanted is None else self._days.tag(wanted)
        signed_in(await self._access.of(request))
        if wanted is None or tag is None:
            assert fault is not None
            raise fault
        ready = await self._days.free(wanted, tag)
        body, headers = packed(ready.body, tagged(ready.tag), request.headers.get(b"accept-encoding") or b"")
        if ready.tag in (request.headers.get(b"if-none-match") or b""):
            return Response(NOT_MODIFIED, b"", tuple(each for each in headers if each[0] != b"content-encoding"))
        return Response(200, body, headers)

    @bookings(
        "POST",
        "/bookings/create",
        "Book a slot",
        answer="The booking",
        refuses=(404, 409, 500, 502),
        reads=(IdempotencyKey,),
        hot=True,
    )
    async def book_slot(self, request: Request, data: NewSlotBooking) -> Response[SlotBookingAnswer]:
        """For the token's user. 409 when anybody holds any of it."""
        key = idempotency.key_of(request, caller_of(request).name)
        wish = SlotRequest(data.slot_id, user_of(request), bool(data.create_conference_link))
        return answers.booked(await self._bookings.create(wish, key, request.is_gone), data.slot_id)

    @bookings("GET", "/bookings/list", "List all bookings in pages", callers=ADMINS)
    async def list_slot_bookings(
        self, page: PageNumber = 1, page_size: PageSize = PAGE_SIZE_DEFAULT
    ) -> SlotBookingPage:
        """Admins only. Newest first, cancelled ones too."""
        found, total = await self._bookings.page(page, page_size)
        return SlotBookingPage([SlotBookingBody.of(each) for each in found], Pagination(page, page_size, total))

    @bookings("GET", "/bookings/my", "One's own bookings")
    async def list_own_slot_bookings(self, request: Request) -> SlotBookingsAnswer:
        """Bookings of the token's user on slots that start now or later, by start; cancelled ones too."""
        return SlotBookingsAnswer([SlotBookingBody.of(each) for each in await self._bookings.of_user(user_of(request))])

    @bookings("POST", "/bookings/{booking_id}/cancel", "Cancel a booking", status=200, refuses=(404,))
    async def cancel_slot_booking(self, request: Request, booking_id: BookingId) -> SlotBookingAnswer:
        """The slot is free at once. A booking that was cancelled before stays so, and is answered too."""
        found = requests.identity("bookingId", booking_id)
        return SlotBookingAnswer(SlotBookingBody.of(await self._bookings.cancel(found, user_of(request))))


def _room_day(room_id: str, query: bytes) -> tuple[requests.RoomDay | None, InvalidRequest | None]:
    """What a path and a query ask for, or what is wrong with them: that is told only to who may ask at all."""
    try:
        return requests.room_day(room_id, requests.date_in(query)), None
    except InvalidRequest as fault:
        return None, fault
