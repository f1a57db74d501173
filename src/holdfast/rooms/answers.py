"""The engine's verdicts as clients of the rooms contract get them."""

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

import msgspec

from holdfast.engine.claims import Granted, Made, Reason, Refused, Reservation, Seated, Verdict
from holdfast.errors import HoldfastError, IdempotencyKeyReused, RoomClosed, SlotAlreadyBooked
from holdfast.http.hot import Response
from holdfast.http.idempotency import REPLAYED_HEADER
from holdfast.rooms.bodies import SlotBody, SlotBookingAnswer, SlotBookingBody, SlotsAnswer
from holdfast.rooms.slots import Slot


def booked(verdict: Verdict, slot_id: UUID) -> Response[SlotBookingAnswer]:
    """201 with the booking of a slot; marked when it is the answer to an earlier request. Raises the refusal."""
    match verdict:
        case Granted(reservation=reservation):
            body = msgspec.json.encode(SlotBookingAnswer(_body(reservation, slot_id)))
            return Response(201, body, (REPLAYED_HEADER,) if verdict.replayed else ())
        case Refused():
            error = _refusal(verdict.reason)
            error.replayed = verdict.replayed
            raise error
        case Seated() | Made():
            raise AssertionError("a slot was asked for")
        case _:
            assert_never(verdict)


def listed(slots: Sequence[Slot]) -> bytes:
    """Slots as JSON."""
    return msgspec.json.encode(SlotsAnswer([SlotBody.of(slot) for slot in slots]))


def _body(reservation: Reservation, slot_id: UUID) -> SlotBookingBody:
    link = (reservation.details or {}).get("conference_link")
    return SlotBookingBody(
        reservation.id,
        slot_id,
        reservation.user_id,
        "active",
        None if link is None else str(link),
        reservation.created_at,
    )


def _refusal(reason: Reason) -> HoldfastError:
    match reason:
        case Reason.TIME_CONFLICT:
            return SlotAlreadyBooked()
        case Reason.CLOSED:
            return RoomClosed()
        case Reason.KEY_REUSED:
            return IdempotencyKeyReused()
        case (
            Reason.NOT_FOUND
            | Reason.END_NOT_AFTER_START
            | Reason.TOO_LONG
            | Reason.FULL
            | Reason.ALREADY_BOOKED
            | Reason.HOLD_EXPIRED
            | Reason.NOT_HELD
            | Reason.HOLD_LIMIT
        ):
            raise AssertionError("a slot that is claimed is there, lasts half an hour and is not held")
        case _:
            assert_never(reason)
