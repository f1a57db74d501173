"""What requests say, as values: ids, stretches of time. Each raises `InvalidRequest` naming the field."""

from uuid import UUID

from holdfast.accounts.roles import Caller
from holdfast.engine.claims import Interval
from holdfast.errors import InvalidRequest, ReservationNotFound, Unauthorized
from holdfast.http import fields
from holdfast.reservations.queries import Window


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


def interval(start: str, end: str) -> Interval:
    """The stretch of time that a body asks for with `start_time` and `end_time`, its order not checked yet."""
    try:
        return Interval(fields.moment("start_time", start), fields.moment("end_time", end))
    except InvalidRequest:
        # Once more, slowly, to name both fields if both are at fault.
        fields.each(
            start_time=lambda: fields.moment("start_time", start), end_time=lambda: fields.moment("end_time", end)
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
