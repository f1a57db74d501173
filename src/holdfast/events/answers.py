"""The engine's verdicts as clients of the events contract get them."""

from typing import assert_never

import msgspec

from holdfast.engine.claims import Granted, Made, Reason, Refused, Seated, Verdict
from holdfast.errors import AlreadyBooked, EventFull, EventNotFound, HoldfastError, IdempotencyKeyReused
from holdfast.events.bodies import SeatBookingBody
from holdfast.http.hot import Response
from holdfast.http.idempotency import REPLAYED_HEADER


def booked(verdict: Verdict) -> Response[SeatBookingBody]:
    """201 with the booking; marked when it is the answer to an earlier request. Raises the refusal."""
    match verdict:
        case Seated(booking=booking):
            location = (b"location", b"/api/bookings/%d" % booking.id)
            headers = (location, REPLAYED_HEADER) if verdict.replayed else (location,)
            return Response(201, msgspec.json.encode(SeatBookingBody.of(booking)), headers)
        case Refused():
            error = _refusal(verdict.reason)
            error.replayed = verdict.replayed
            raise error
        case Granted() | Made():
            raise AssertionError("a seat was asked for")
        case _:
            assert_never(verdict)


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
        case (
            Reason.TIME_CONFLICT
            | Reason.END_NOT_AFTER_START
            | Reason.TOO_LONG
            | Reason.CLOSED
            | Reason.HOLD_EXPIRED
            | Reason.NOT_HELD
            | Reason.HOLD_LIMIT
        ):
            raise AssertionError("a seat has no time and is not held, and an event does not close")
        case _:
            assert_never(reason)
