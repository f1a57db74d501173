"""The engine's verdicts and the service's lists as clients get them."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from holdfast.engine.claims import Granted, Kind, Place, Reason, Refused, Reservation, Verdict
from holdfast.errors import (
    HoldfastError,
    IdempotencyKeyReused,
    InvalidRequest,
    ReservationNotFound,
    RoomClosed,
    TableNotFound,
    TimeConflict,
)
from holdfast.http.hot import Answered
from holdfast.http.idempotency import REPLAYED_HEADER
from holdfast.reservations.bodies import AnyReservation, ReservationBody, TableReservationBody


def made(verdict: Verdict, place: Place) -> Answered:
    """201 with the reservation; marked when it is the answer to an earlier request. Raises the refusal."""
    reservation = granted(verdict, place)
    # Whoever makes it knows whom it is for.
    body = msgspec.json.encode(shown(reservation, sees=True))
    # The id is the body's first field, and is there as text already.
    location = (b"location", b"/reservations/by-id/" + body[len(b'{"id":"') :][:36])
    headers = (location, REPLAYED_HEADER) if verdict.replayed else (location,)
    return Answered(201, body, headers)


def shown(reservation: Reservation, *, sees: bool) -> AnyReservation:
    """A reservation as clients get it who may see, or not, whom it is for."""
    if reservation.place.kind is Kind.TABLE:
        return TableReservationBody.of(reservation, sees)
    return ReservationBody.of(reservation)


def granted(verdict: Verdict, place: Place) -> Reservation:
    """The reservation that was granted. Raises the refusal, as it is told of this place."""
    match verdict:
        case Granted(reservation=reservation):
            return reservation
        case Refused():
            error = refusal(verdict, place)
            error.replayed = verdict.replayed
            raise error
        case _:
            raise AssertionError("a reservation was asked for")


def refusal(refused: Refused, place: Place) -> HoldfastError:
    """The error that tells of a refusal of this place."""
    match refused.reason:
        case Reason.TIME_CONFLICT:
            assert refused.taken is not None
            start, end = refused.taken
            return TimeConflict({"start_time": start, "end_time": end})
        case Reason.NOT_FOUND:
            return ReservationNotFound()
        case Reason.KEY_REUSED:
            return IdempotencyKeyReused()
        case Reason.END_NOT_AFTER_START:
            return InvalidRequest({"end_time": "end_after_start"})
        case Reason.TOO_LONG:
            return InvalidRequest({"end_time": "too_long"})
        case Reason.CLOSED:
            return TableNotFound() if place.kind is Kind.TABLE else RoomClosed()
        case _:
            raise AssertionError("a calendar has no seats")


def array(reservations: Sequence[Reservation]) -> bytes:
    """A list as JSON."""
    return msgspec.json.encode([ReservationBody.of(each) for each in reservations])


async def joined(first: list[Reservation], rest: AsyncIterator[list[Reservation]]) -> AsyncIterator[bytes]:
    """Parts of a list as one JSON array, without ever holding more than a part."""
    separator = b"["
    part: list[Reservation] | None = first
    while part is not None:
        if part:
            # A part is an array of its own: its brackets are taken off.
            yield separator + array(part)[1:-1]
            separator = b","
        part = await anext(rest, None)
    yield b"[]" if separator == b"[" else b"]"
