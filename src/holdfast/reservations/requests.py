"""What requests say, as values: places, moments, stretches of time. Each raises `InvalidRequest` naming the field."""

from uuid import UUID

import msgspec

from holdfast.accounts.roles import Caller
from holdfast.engine.claims import Interval, Kind, Place
from holdfast.errors import InvalidRequest, ReservationNotFound, Unauthorized
from holdfast.http import fields
from holdfast.reservations.bodies import MoveBody, ReserveBody
from holdfast.reservations.queries import Window
from holdfast.reservations.service import Change


def room(room_id: str) -> Place:
    """The room that a checked id names."""
    return Place(Kind.ROOM, fields.canonical(room_id))


def reservation_id(text: str) -> UUID:
    """A reservation's id. One that is no UUID is nobody's: raises `ReservationNotFound`."""
    if fields.UUID.fullmatch(text) is None:
        raise ReservationNotFound
    return UUID(text)


def owner(caller: Caller) -> UUID:
    """Whose reservations are the caller's own. Raises `Unauthorized` for a caller without a token."""
    if caller.user_id is None:
        raise Unauthorized
    return caller.user_id


def interval(data: ReserveBody) -> Interval:
    """The stretch of time that a body asks for, its order not checked yet."""
    try:
        return Interval(fields.moment("start_time", data.start_time), fields.moment("end_time", data.end_time))
    except InvalidRequest:
        # Once more, slowly, to name both fields if both are at fault.
        fields.each(
            start_time=lambda: fields.moment("start_time", data.start_time),
            end_time=lambda: fields.moment("end_time", data.end_time),
        )
        raise


def window(start: str | None, end: str | None) -> Window:
    """What `from` and `to` narrow a list to."""
    given = fields.each(
        **{"from": lambda: None if start is None else fields.moment("from", start)},
        to=lambda: None if end is None else fields.moment("to", end),
    )
    found = Window(given["from"], given["to"])
    if found.start is not None and found.end is not None and found.end <= found.start:
        raise InvalidRequest({"to": "window"})
    return found


def change(data: MoveBody) -> Change:
    """What a body moves."""
    start, end = data.start_time, data.end_time
    times = fields.each(
        start_time=lambda: None if start is msgspec.UNSET else fields.moment("start_time", start),
        end_time=lambda: None if end is msgspec.UNSET else fields.moment("end_time", end),
    )
    target = None if data.room_id is msgspec.UNSET else room(data.room_id)
    return Change(target, times["start_time"], times["end_time"])
