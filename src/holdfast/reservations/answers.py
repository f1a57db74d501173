"""The engine's verdicts and the service's lists as clients get them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import assert_never

import msgspec

from holdfast.engine.claims import Granted, Kind, Made, Place, Reason, Refused, Reservation, Seated, Verdict
from holdfast.errors import (
    HoldExpired,
    HoldfastError,
    HoldLimit,
    IdempotencyKeyReused,
    InvalidRequest,
    NotHeld,
    ReservationNotFound,
    RoomClosed,
    TableNotFound,
    TimeConflict,
)
from holdfast.http.hot import Answered
from holdfast.http.idempotency import REPLAYED_HEADER
from holdfast.reservations.bodies import AnyReservation, ReservationBody, TableReservationBody

SIMPLY: Mapping[Reason, type[HoldfastError]] = {
    Reason.NOT_FOUND: ReservationNotFound,
    Reason.KEY_REUSED: IdempotencyKeyReused,
    Reason.HOLD_EXPIRED: HoldExpired,
    Reason.NOT_HELD: NotHeld,
    Reason.HOLD_LIMIT: HoldLimit,
}
"""The errors of refusals that have nothing more to tell."""


def made(verdict: Verdict, place: Place, hold_secret: str | None) -> Answered:
    """201 with the reservation; marked when it is the answer to an earlier request. Raises the refusal.

    `hold_secret` is for whoever has made a hold without a token.
    """
    reservation = granted(verdict, place)
    # Whoever makes it knows whom it is for.
    content = shown(reservation, sees=True)
    if reservation.held_at is not None:
        # The time of the decision, and not of now: so that an answer that is repeated is the same.
        content.server_time = reservation.held_at
        content.hold_secret = msgspec.UNSET if hold_secret is None else hold_secret
    body = msgspec.json.encode(content)
    # The id is the body's first field, and is there as text already.
    location = (b"location", b"/reservations/by-id/" + body[len(b'{"id":"') :][:36])
    headers = (location, REPLAYED_HEADER) if verdict.replayed else (location,)
    return Answered(201, body, headers)


def kept(verdict: Verdict, place: Place) -> Answered:
    """200 with what was a hold, or still is one. Raises the refusal."""
    # Whoever may confirm it may see whom it is for.
    return Answered(200, msgspec.json.encode(shown(granted(verdict, place), sees=True)))


def shown(reservation: Reservation, *, sees: bool) -> AnyReservation:
    """A reservation as clients get it who may see, or not, whom it is for."""
    if reservation.place.kind is Kind.TABLE:
        return TableReservationBody.of(reservation, sees)
    return ReservationBody.of(reservation, sees)


def granted(verdict: Verdict, place: Place) -> Reservation:
    """The reservation that was granted. Raises the refusal, as it is told of this place."""
    match verdict:
        case Granted(reservation=reservation):
            return reservation
        case Refused():
            error = refusal(verdict, place)
            error.replayed = verdict.replayed
            raise error
        case Seated() | Made():
            raise AssertionError("a reservation was asked for")
        case _:
            assert_never(verdict)


def refusal(refused: Refused, place: Place) -> HoldfastError:
    """The error that tells of a refusal of this place."""
    match refused.reason:
        case (
            Reason.NOT_FOUND | Reason.KEY_REUSED | Reason.HOLD_EXPIRED | Reason.NOT_HELD | Reason.HOLD_LIMIT
        ) as simple:
            return SIMPLY[simple]()
        case Reason.TIME_CONFLICT:
            assert refused.taken is not None
            start, end = refused.taken
            return TimeConflict({"start_time": start, "end_time": end})
        case Reason.END_NOT_AFTER_START:
            return InvalidRequest({"end_time": "end_after_start"})
        case Reason.TOO_LONG:
            return InvalidRequest({"end_time": "too_long"})
        case Reason.CLOSED:
            return TableNotFound() if place.kind is Kind.TABLE else RoomClosed()
        case Reason.FULL | Reason.ALREADY_BOOKED:
            raise AssertionError("a calendar has no seats")
        case _:
            assert_never(refused.reason)


def array(reservations: Sequence[Reservation], *, sees: bool) -> bytes:
    """A list as JSON."""
    return msgspec.json.encode([ReservationBody.of(each, sees) for each in reservations])


async def joined(
    first: list[Reservation], rest: AsyncIterator[list[Reservation]], *, sees: bool
) -> AsyncIterator[bytes]:
    """Parts of a list as one JSON array, without ever holding more than a part."""
    separator = b"["
    part: list[Reservation] | None = first
    while part is not None:
        if part:
            # A part is an array of its own: its brackets are taken off.
            yield separator + array(part, sees=sees)[1:-1]
            separator = b","
        part = await anext(rest, None)
    yield b"[]" if separator == b"[" else b"]"
