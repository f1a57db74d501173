"""The engine's verdicts and the service's lists as clients get them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import assert_never

import msgspec

from holdfast.engine.claims import Granted, Made, Reason, Refused, Reservation, Seated, Verdict
from holdfast.errors import (
    HoldExpired,
    HoldfastError,
    HoldLimit,
    IdempotencyKeyReused,
    InvalidRequest,
    NotHeld,
    ReservationNotFound,
    TimeConflict,
)
from holdfast.http.hot import Response
from holdfast.http.idempotency import REPLAYED_HEADER
from holdfast.reservations.bodies import AnyReservation
from holdfast.reservations.kind import PlaceKind

SIMPLY: Mapping[Reason, type[HoldfastError]] = {
    Reason.NOT_FOUND: ReservationNotFound,
    Reason.KEY_REUSED: IdempotencyKeyReused,
    Reason.HOLD_EXPIRED: HoldExpired,
    Reason.NOT_HELD: NotHeld,
    Reason.HOLD_LIMIT: HoldLimit,
}
"""The errors of refusals that have nothing more to tell."""


def made(verdict: Verdict, kind: PlaceKind, hold_secret: str | None) -> Response[AnyReservation]:
    """201 with the reservation; marked when it is the answer to an earlier request. Raises the refusal.

    `hold_secret` is for whoever has made a hold without a token.
    """
    reservation = granted(verdict, kind)
    # Whoever makes it knows whom it is for.
    content = kind.shown(reservation, sees=True)
    if reservation.held_at is not None:
        # The time of the decision, and not of now: so that an answer that is repeated is the same.
        content.server_time = reservation.held_at
        content.hold_secret = msgspec.UNSET if hold_secret is None else hold_secret
    body = msgspec.json.encode(content)
    # The id is the body's first field, and is there as text already.
    location = (b"location", b"/reservations/by-id/" + body[len(b'{"id":"') :][:36])
    headers = (location, REPLAYED_HEADER) if verdict.replayed else (location,)
    return Response(201, body, headers)


def kept(verdict: Verdict, kind: PlaceKind) -> Response[AnyReservation]:
    """200 with what was a hold, or still is one. Raises the refusal."""
    # Whoever may confirm it may see whom it is for.
    return Response(200, msgspec.json.encode(kind.shown(granted(verdict, kind), sees=True)))


def granted(verdict: Verdict, kind: PlaceKind) -> Reservation:
    """The reservation that was granted. Raises the refusal, as it is told of this kind of place."""
    match verdict:
        case Granted(reservation=reservation):
            return reservation
        case Refused():
            error = refusal(verdict, kind)
            error.replayed = verdict.replayed
            raise error
        case Seated() | Made():
            raise AssertionError("a reservation was asked for")
        case _:
            assert_never(verdict)


def refusal(refused: Refused, kind: PlaceKind) -> HoldfastError:
    """The error that tells of a refusal of such a place."""
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
            return kind.closed()
        case Reason.FULL | Reason.ALREADY_BOOKED:
            raise AssertionError("a calendar has no seats")
        case _:
            assert_never(refused.reason)


def array(kind: PlaceKind, reservations: Sequence[Reservation], *, sees: bool) -> bytes:
    """The list of a place as JSON."""
    return msgspec.json.encode([kind.shown(each, sees=sees) for each in reservations])


async def joined(
    kind: PlaceKind, first: list[Reservation], rest: AsyncIterator[list[Reservation]], *, sees: bool
) -> AsyncIterator[bytes]:
    """Parts of a list as one JSON array, without ever holding more than a part."""
    separator = b"["
    part: list[Reservation] | None = first
    while part is not None:
        if part:
            # A part is an array of its own: its brackets are taken off.
            yield separator + array(kind, part, sees=sees)[1:-1]
            separator = b","
        part = await anext(rest, None)
    yield b"[]" if separator == b"[" else b"]"
