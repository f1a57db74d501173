"""The engine's verdicts as clients of the events contract get them."""

import msgspec

from holdfast.engine.claims import Reason, Refused, Seated, Verdict
from holdfast.errors import AlreadyBooked, EventFull, EventNotFound, HoldfastError, IdempotencyKeyReused
from holdfast.events.bodies import BookingBody
from holdfast.http.hot import Answered
from holdfast.http.idempotency import REPLAYED_HEADER


def booked(verdict: Verdict) -> Answered:
    """201 with the booking; marked when it is the answer to an earlier request. Raises the refusal."""
    match verdict:
        case Seated(booking=booking):
            location = (b"location", b"/api/bookings/%d" % booking.id)
            headers = (location, REPLAYED_HEADER) if verdict.replayed else (location,)
            return Answered(201, msgspec.json.encode(BookingBody.of(booking)), headers)
        case Refused():
            error = _refusal(verdict.reason)
            error.replayed = verdict.replayed
            raise error
        case _:
            raise AssertionError("a seat was asked for")


def _refusal(reason: Reason) -> HoldfastError:
    match reason:
        case Reason.NOT_FOUND:
            return EventNotFound()
        case Reason.FULL:
            return EventFull()
        case Reason.ALREADY_BOOKED:
            return AlreadyBooked()
        case Reason.KEY_REUSED:
            return IdempotencyKeyReused()
        case _:
            raise AssertionError("a seat has no time, and an event does not close")
