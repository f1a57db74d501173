"""What clients of the events contract send and get, field by field."""

from datetime import datetime
from typing import Annotated

from litestar.params import Parameter
from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.engine.claims import SeatBooking
from holdfast.events.lists import Statistics
from holdfast.events.queries import Event
from holdfast.events.schema import SEATS_MAX
from holdfast.http import fields
from holdfast.http.fields import Name, Person
from holdfast.http.paging import Page

EventId = Annotated[int, Meta(ge=1, le=fields.ID_MAX, description="The event's id", extra={"rule": "event_id"})]
UserId = Annotated[Person, Meta(description="Whoever gets the seat: any text", examples=["user123"])]
Seats = Annotated[int, Meta(ge=0, le=SEATS_MAX, description="How many seats there are", extra={"rule": "seats"})]
EventName = Annotated[Name, Meta(description="What people call it", examples=["Concert"])]


class NewSeatBooking(Struct):
    """Who wants a seat at which event."""

    event_id: EventId
    user_id: UserId


class NewEvent(Struct):
    """An event to be made."""

    name: EventName
    total_seats: Seats


class EventChange(Struct):
    """What is to be changed; what is left out stays."""

    name: EventName | UnsetType = UNSET
    total_seats: Seats | UnsetType = UNSET
    id: fields.FixedNumber | UnsetType = UNSET
    booked_seats: fields.FixedNumber | UnsetType = UNSET
    available_seats: fields.FixedNumber | UnsetType = UNSET


class SeatBookingBody(Struct):
    """A booked seat."""

    id: int
    event_id: int
    user_id: str
    created_at: datetime

    @classmethod
    def of(cls, booking: SeatBooking) -> "SeatBookingBody":
        """The booking as clients see it."""
        return cls(booking.id, int(booking.place.id), booking.user_id, booking.created_at)


class EventBody(Struct):
    """An event and its seats."""

    id: int
    name: str
    total_seats: int
    booked_seats: int
    available_seats: int

    @classmethod
    def of(cls, event: Event) -> "EventBody":
        """The event as clients see it. Seats that were taken away by hand leave none, never less."""
        left = max(0, event.total_seats - event.booked_seats)
        return cls(event.id, event.name, event.total_seats, event.booked_seats, left)


class HeldSeat(Struct):
    """A seat that somebody holds now."""

    booking_id: int
    event_id: int
    event_name: str
    created_at: datetime


class SeatStatisticsBody(Struct):
    """What somebody has booked and cancelled so far, and holds now; `events` are the newest of these."""

    user_id: str
    booked: int
    cancelled: int
    held: int
    first_booking_at: datetime | None
    last_booking_at: datetime | None
    events: list[HeldSeat]

    @classmethod
    def of(cls, user_id: str, found: Statistics) -> "SeatStatisticsBody":
        """The statistics as clients see them."""
        events = [HeldSeat(*seat) for seat in found.seats]
        return cls(user_id, found.booked, found.cancelled, found.held, found.first_at, found.last_at, events)


EventPage = Annotated[Page[EventBody], Parameter(schema_component_key="EventPage")]
SeatBookingPage = Annotated[Page[SeatBookingBody], Parameter(schema_component_key="SeatBookingPage")]
