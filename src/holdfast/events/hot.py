"""The two hottest calls of the events contract: book a seat, and how many are left."""

from holdfast.accounts.access import Access
from holdfast.events import answers
from holdfast.events.availability import Availability
from holdfast.events.bodies import NewSeatBooking
from holdfast.events.service import Events
from holdfast.http import fields, idempotency
from holdfast.http.bodies import check_media_type
from holdfast.http.hot import Answered, Asked, HotRoute


class HotEvents:
    """Answers hot calls; made once in each process."""

    def __init__(self, access: Access, availability: Availability, events: Events) -> None:
        self._access = access
        self._availability = availability
        self._events = events

    def routes(self) -> tuple[HotRoute, ...]:
        """What the edge sends here."""
        return (
            HotRoute("POST", "/api/bookings/reserve", "/api/bookings/reserve", self._book),
            HotRoute("GET", "/api/events/", "/api/events/{event_id}", self.seats, prefix=True),
        )

    async def book(self, data: NewSeatBooking, asked: Asked) -> Answered:
        """Book a seat; for the ordinary handler too. Raises what refuses it."""
        caller = await self._access.caller(asked.header(b"authorization"))
        user_id = fields.canonical(data.user_id)
        self._access.check_may_act_for(caller, user_id)
        key = idempotency.key_of(asked, caller.name)
        return answers.booked(await self._events.book(data.event_id, user_id, key, asked.is_gone))

    async def seats(self, asked: Asked) -> Answered:
        """An event and how many of its seats are left; for the ordinary handler too. Raises what refuses it."""
        event_id = fields.number("id", asked.rest)
        await self._access.caller(asked.header(b"authorization"))
        return Answered(200, await self._availability.of(event_id))

    async def _book(self, asked: Asked) -> Answered:
        check_media_type(asked.header(b"content-type"), asked.header(b"origin"))
        return await self.book(fields.decode(asked.body, NewSeatBooking), asked)
