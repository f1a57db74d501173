"""The two hottest calls of the rooms contract: a day's free slots, and booking one of them."""

from uuid import UUID

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller, Role
from holdfast.errors import Forbidden, InvalidRequest, Unauthorized
from holdfast.http import fields, idempotency
from holdfast.http.bodies import check_media_type
from holdfast.http.compression import packed
from holdfast.http.hot import Answered, Asked, HotRoute
from holdfast.rooms import answers, requests
from holdfast.rooms.bodies import NewSlotBooking
from holdfast.rooms.bookings import Bookings, Wish
from holdfast.rooms.days import Days

NOT_MODIFIED = 304


class HotRooms:
    """Answers hot calls; made once in each process."""

    def __init__(self, access: Access, days: Days, bookings: Bookings) -> None:
        self._access = access
        self._days = days
        self._bookings = bookings

    def routes(self) -> tuple[HotRoute, ...]:
        """What the edge sends here."""
        return (
            HotRoute(
                "GET",
                "/rooms/",
                "/rooms/{room_id}/slots/list",
                self.slots,
                prefix=True,
                suffix="/slots/list",
                reads_query=True,
            ),
            HotRoute("POST", "/bookings/create", "/bookings/create", self._book),
        )

    async def slots(self, asked: Asked) -> Answered:
        """The free slots of a day; for the ordinary handler too. Raises what refuses it."""
        wanted, fault = _room_day(asked)
        # Asked together with who the caller is, which saves a trip to the database; told to nobody before.
        tag = None if wanted is None else self._days.tag(wanted)
        await self._signed_in(asked)
        if wanted is None or tag is None:
            assert fault is not None
            raise fault
        ready = await self._days.free(wanted, tag)
        tagged = ((b"etag", ready.tag), (b"cache-control", b"no-cache"))
        body, headers = packed(ready.body, tagged, asked.headers.get(b"accept-encoding") or b"")
        if ready.tag in (asked.headers.get(b"if-none-match") or b""):
            return Answered(NOT_MODIFIED, b"", tuple(each for each in headers if each[0] != b"content-encoding"))
        return Answered(200, body, headers)

    async def book(self, data: NewSlotBooking, asked: Asked, caller: Caller, user_id: UUID) -> Answered:
        """Book a slot; for the ordinary handler too. Raises what refuses it."""
        key = idempotency.key_of(asked, caller.name)
        wish = Wish(data.slot_id, user_id, bool(data.create_conference_link))
        return answers.booked(await self._bookings.create(wish, key, asked.is_gone), data.slot_id)

    async def _book(self, asked: Asked) -> Answered:
        caller, user_id = await self._signed_in(asked)
        if caller.role is not Role.USER:
            raise Forbidden
        check_media_type(asked.header(b"content-type"), asked.header(b"origin"))
        return await self.book(fields.decode(asked.body, NewSlotBooking), asked, caller, user_id)

    async def _signed_in(self, asked: Asked) -> tuple[Caller, UUID]:
        """Who asks, and their id; the rooms contract always needs a token. Raises `Unauthorized`."""
        caller = await self._access.caller(asked.header(b"authorization"))
        if caller.user_id is None:
            raise Unauthorized
        return caller, caller.user_id


def _room_day(asked: Asked) -> tuple[requests.RoomDay | None, InvalidRequest | None]:
    """What a path and a query ask for, or what is wrong with them: that is told only to who may ask at all."""
    try:
        return requests.room_day(asked.rest, requests.date_in(asked.query)), None
    except InvalidRequest as fault:
        return None, fault
